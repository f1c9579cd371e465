"""Management of a store: by the command line today, by HTTP services later."""
