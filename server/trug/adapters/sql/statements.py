"""The statements as text for SQLite: written by ``python -m trug.adapters.sql.queries``, never by hand.

The comment above each names its parameters in their order.
"""

# fmt: off
# ruff: noqa: E501

# version_num
STAMP = "INSERT INTO alembic_version (version_num) VALUES (?)"

# new_format, new_checksum
FIRST_STATE = "INSERT INTO state (id, format, checksum) VALUES (1, ?, ?)"

# none
FORMAT = "SELECT state.format FROM state"

# none
STATE = "SELECT state.format, state.sequence, state.time, state.lock_time, state.generation, state.next_id, state.checksum FROM state"

# sequence, time, lock_time, generation, next_id, checksum
SET_STATE = "UPDATE state SET sequence=?, time=?, lock_time=?, generation=?, next_id=?, checksum=?"

# second, sequence
PUT_MOMENT = "INSERT INTO moments (second, sequence) VALUES (?, ?)"

# sequence, kind, bucket, key, version_id, size, etag, account
ANNOUNCE = 'INSERT INTO feed (sequence, kind, bucket, "key", version_id, size, etag, account) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'

# none
OLDEST_ANNOUNCED = "SELECT feed.sequence FROM feed ORDER BY feed.sequence LIMIT 1 OFFSET 0"

# bound
TRIM_FEED = "DELETE FROM feed WHERE feed.sequence < ?"

# after, limit
EVENTS = 'SELECT feed.sequence, feed.kind, feed.bucket, feed."key", feed.version_id, feed.size, feed.etag, feed.account, (SELECT moments.second FROM moments WHERE moments.sequence <= feed.sequence ORDER BY moments.sequence DESC LIMIT 1 OFFSET 0) AS second FROM feed WHERE feed.sequence > ? ORDER BY feed.sequence LIMIT ? OFFSET 0'

# bucket
REMOVED_BUCKET = "SELECT feed.bucket, feed.\"key\", feed.account FROM feed WHERE feed.bucket = ? AND feed.kind = 'BucketRemoved'"

# id
EXPECTED_WITH_ID = 'SELECT expected_files.id, expected_files.owner, expected_files.bucket, expected_files."key", expected_files.state, expected_files.status, expected_files.created, expected_files.updated, expected_files.expires, expected_files.document, expected_files.checksum FROM expected_files WHERE expected_files.id = ?'

# bucket, key
EXPECTED_AT = 'SELECT expected_files.id, expected_files.owner, expected_files.bucket, expected_files."key", expected_files.state, expected_files.status, expected_files.created, expected_files.updated, expected_files.expires, expected_files.document, expected_files.checksum FROM expected_files WHERE expected_files.bucket = ? AND expected_files."key" = ?'

# owner, after, any_status, status, limit
EXPECTED_OF = "SELECT expected_files.id, expected_files.owner, expected_files.bucket, expected_files.\"key\", expected_files.state, expected_files.status, expected_files.created, expected_files.updated, expected_files.expires, expected_files.document, expected_files.checksum FROM expected_files WHERE expected_files.owner = ? AND expected_files.id > ? AND (? = '' OR expected_files.status = ?) ORDER BY expected_files.id LIMIT ? OFFSET 0"

# state, time, expires, id, limit
EXPECTED_DUE = 'SELECT expected_files.id, expected_files.owner, expected_files.bucket, expected_files."key", expected_files.state, expected_files.status, expected_files.created, expected_files.updated, expected_files.expires, expected_files.document, expected_files.checksum FROM expected_files WHERE expected_files.state = ? AND expected_files.expires < ? AND (expected_files.expires, expected_files.id) > (?, ?) ORDER BY expected_files.expires, expected_files.id LIMIT ? OFFSET 0'

# time, time, time
ANY_EXPECTED = "SELECT (EXISTS (SELECT * FROM expected_files WHERE expected_files.state = 'pending')) OR (EXISTS (SELECT * FROM expected_files WHERE expected_files.state = 'uploaded')) OR (EXISTS (SELECT * FROM expected_files WHERE expected_files.state = 'verified' AND expected_files.expires > ?)) OR (EXISTS (SELECT * FROM expected_files WHERE expected_files.state = 'failed' AND expected_files.expires > ?)) OR (EXISTS (SELECT * FROM expected_files WHERE expected_files.state = 'expired' AND expected_files.expires > ?)) AS anon_1"

# id, owner, bucket, key, state, status, created, updated, expires, document, checksum
PUT_EXPECTED = 'INSERT INTO expected_files (id, owner, bucket, "key", state, status, created, updated, expires, document, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, bucket = excluded.bucket, "key" = excluded."key", state = excluded.state, status = excluded.status, created = excluded.created, updated = excluded.updated, expires = excluded.expires, document = excluded.document, checksum = excluded.checksum'

# id
REMOVE_EXPECTED = "DELETE FROM expected_files WHERE expected_files.id = ?"

# none
OLDEST_MOMENT = "SELECT moments.second FROM moments ORDER BY moments.second LIMIT 1 OFFSET 0"

# bound
TRIM_MOMENTS = "DELETE FROM moments WHERE moments.second < ?"

# name
BUCKET_NAMED = "SELECT buckets.id, buckets.name, buckets.account, buckets.region, buckets.created, buckets.versioning, buckets.configured, buckets.checksum FROM buckets WHERE buckets.name = ?"

# id
BUCKET_WITH_ID = "SELECT buckets.id, buckets.name, buckets.account, buckets.region, buckets.created, buckets.versioning, buckets.configured, buckets.checksum FROM buckets WHERE buckets.id = ?"

# account, after, prefix, stop, limit
BUCKETS_OF = "SELECT buckets.id, buckets.name, buckets.account, buckets.region, buckets.created, buckets.versioning, buckets.configured, buckets.checksum FROM buckets WHERE buckets.account = ? AND buckets.name > ? AND buckets.name >= ? AND buckets.name < ? ORDER BY buckets.name LIMIT ? OFFSET 0"

# account, after, prefix, stop, region, limit
BUCKETS_OF_IN_REGION = "SELECT buckets.id, buckets.name, buckets.account, buckets.region, buckets.created, buckets.versioning, buckets.configured, buckets.checksum FROM buckets WHERE buckets.account = ? AND buckets.name > ? AND buckets.name >= ? AND buckets.name < ? AND buckets.region = ? ORDER BY buckets.name LIMIT ? OFFSET 0"

# bucket, bucket
BUCKET_HOLDS = "SELECT (EXISTS (SELECT * FROM current WHERE current.bucket = ?)) OR (EXISTS (SELECT * FROM history WHERE history.bucket = ?)) AS anon_1"

# bucket
COUNTERS_OF = "SELECT bucket_counters.objects, bucket_counters.versions, bucket_counters.bytes, bucket_counters.uploads, bucket_counters.current FROM bucket_counters WHERE bucket_counters.bucket = ?"

# account
COUNTERS_OF_ACCOUNT = "SELECT account_counters.objects, account_counters.versions, account_counters.bytes, account_counters.uploads, account_counters.current FROM account_counters WHERE account_counters.account = ?"

# bucket, kind
CONFIGURATION = "SELECT configurations.bucket, configurations.kind, configurations.document, configurations.checksum FROM configurations WHERE configurations.bucket = ? AND configurations.kind = ?"

# bucket, after, stop, limit
CONFIGURATIONS = "SELECT configurations.bucket, configurations.kind, configurations.document, configurations.checksum FROM configurations WHERE configurations.bucket = ? AND configurations.kind > ? AND configurations.kind < ? ORDER BY configurations.kind LIMIT ? OFFSET 0"

# id, name, account, region, created, versioning, configured, checksum
PUT_BUCKET = "INSERT INTO buckets (id, name, account, region, created, versioning, configured, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, account = excluded.account, region = excluded.region, created = excluded.created, versioning = excluded.versioning, configured = excluded.configured, checksum = excluded.checksum"

# id
REMOVE_BUCKET = "DELETE FROM buckets WHERE buckets.id = ?"

# bucket
REMOVE_CONFIGURATIONS = "DELETE FROM configurations WHERE configurations.bucket = ?"

# bucket
REMOVE_COUNTERS = "DELETE FROM bucket_counters WHERE bucket_counters.bucket = ?"

# bucket, kind, document, checksum
PUT_CONFIGURATION = "INSERT INTO configurations (bucket, kind, document, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (bucket, kind) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# bucket, kind
REMOVE_CONFIGURATION = "DELETE FROM configurations WHERE configurations.bucket = ? AND configurations.kind = ?"

# bucket, objects, versions, bytes, uploads, current
TALLY_BUCKET = "INSERT INTO bucket_counters (bucket, objects, versions, bytes, uploads, current) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (bucket) DO UPDATE SET objects = (bucket_counters.objects + excluded.objects), versions = (bucket_counters.versions + excluded.versions), bytes = (bucket_counters.bytes + excluded.bytes), uploads = (bucket_counters.uploads + excluded.uploads), current = (bucket_counters.current + excluded.current)"

# account, objects, versions, bytes, uploads, current
TALLY_ACCOUNT = "INSERT INTO account_counters (account, objects, versions, bytes, uploads, current) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET objects = (account_counters.objects + excluded.objects), versions = (account_counters.versions + excluded.versions), bytes = (account_counters.bytes + excluded.bytes), uploads = (account_counters.uploads + excluded.uploads), current = (account_counters.current + excluded.current)"

# bucket, key
CURRENT = 'SELECT 0 AS kind, current."key", current.sequence AS sequence, current.id, current.version_id, current.inline, current.blob, current.body, current.noncurrent_since, current.listing, current.record FROM current WHERE current.bucket = ? AND current."key" = ?'

# keys, bucket
CURRENT_OF = "SELECT 0 AS kind, current.\"key\", current.sequence AS sequence, current.id, current.version_id, current.inline, current.blob, current.body, current.noncurrent_since, current.listing, current.record, reference_counts.count, reference_counts.checksum FROM json_each(?) AS asked CROSS JOIN current ON current.bucket = ? AND current.\"key\" = asked.value LEFT OUTER JOIN reference_counts ON reference_counts.kind = 'inline' AND reference_counts.id = current.inline"

# bucket, key
CURRENT_CONTENT = 'SELECT version.kind, version."key", version.sequence, version.id, version.version_id, version.inline, version.blob, version.body, version.noncurrent_since, version.listing, version.record, inline.checks, inline.content FROM (SELECT 0 AS kind, current."key" AS "key", current.sequence AS sequence, current.id AS id, current.version_id AS version_id, current.inline AS inline, current.blob AS blob, current.body AS body, current.noncurrent_since AS noncurrent_since, current.listing AS listing, current.record AS record FROM current WHERE current.bucket = ? AND current."key" = ?) AS version LEFT OUTER JOIN inline ON inline.id = version.inline'

# bucket, key, version_id, bucket, key, version_id
WITH_VERSION_ID = 'SELECT both.kind, both."key", both.sequence, both.id, both.version_id, both.inline, both.blob, both.body, both.noncurrent_since, both.listing, both.record FROM (SELECT 0 AS kind, current."key" AS "key", current.sequence AS sequence, current.id AS id, current.version_id AS version_id, current.inline AS inline, current.blob AS blob, current.body AS body, current.noncurrent_since AS noncurrent_since, current.listing AS listing, current.record AS record FROM current WHERE current.bucket = ? AND current."key" = ? AND current.version_id = ? UNION ALL SELECT history.kind AS kind, history."key" AS "key", -history.age AS sequence, history.id AS id, history.version_id AS version_id, history.inline AS inline, history.blob AS blob, history.body AS body, history.noncurrent_since AS noncurrent_since, history.listing AS listing, history.record AS record FROM history INDEXED BY ix_history_bucket_key_version_id WHERE history.bucket = ? AND history."key" = ? AND history.version_id = ?) AS both ORDER BY both.sequence DESC LIMIT 1 OFFSET 0'

# bucket, key, version_id, bucket, key, version_id
WITH_VERSION_ID_CONTENT = 'SELECT version.kind, version."key", version.sequence, version.id, version.version_id, version.inline, version.blob, version.body, version.noncurrent_since, version.listing, version.record, inline.checks, inline.content FROM (SELECT both.kind AS kind, both."key" AS "key", both.sequence AS sequence, both.id AS id, both.version_id AS version_id, both.inline AS inline, both.blob AS blob, both.body AS body, both.noncurrent_since AS noncurrent_since, both.listing AS listing, both.record AS record FROM (SELECT 0 AS kind, current."key" AS "key", current.sequence AS sequence, current.id AS id, current.version_id AS version_id, current.inline AS inline, current.blob AS blob, current.body AS body, current.noncurrent_since AS noncurrent_since, current.listing AS listing, current.record AS record FROM current WHERE current.bucket = ? AND current."key" = ? AND current.version_id = ? UNION ALL SELECT history.kind AS kind, history."key" AS "key", -history.age AS sequence, history.id AS id, history.version_id AS version_id, history.inline AS inline, history.blob AS blob, history.body AS body, history.noncurrent_since AS noncurrent_since, history.listing AS listing, history.record AS record FROM history INDEXED BY ix_history_bucket_key_version_id WHERE history.bucket = ? AND history."key" = ? AND history.version_id = ?) AS both ORDER BY both.sequence DESC LIMIT 1 OFFSET 0) AS version LEFT OUTER JOIN inline ON inline.id = version.inline'

# bucket, key, age
NEWEST_HISTORY = 'SELECT history.kind, history."key", -history.age AS sequence, history.id, history.version_id, history.inline, history.blob, history.body, history.noncurrent_since, history.listing, history.record FROM history WHERE history.bucket = ? AND history."key" = ? AND history.age > ? ORDER BY history.age LIMIT 1 OFFSET 0'

# bucket, key
NULL_HISTORY = "SELECT history.kind, history.\"key\", -history.age AS sequence, history.id, history.version_id, history.inline, history.blob, history.body, history.noncurrent_since, history.listing, history.record FROM history INDEXED BY ix_history_null WHERE history.bucket = ? AND history.\"key\" = ? AND history.version_id = 'null' ORDER BY history.age LIMIT 1 OFFSET 0"

# bucket, start, bucket, start, limit
CURRENT_FROM = "SELECT count(*) AS count_1, CAST(group_concat(current.\"key\" || current.listing, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM current WHERE current.bucket = ? AND current.\"key\" >= ? AND current.\"key\" < coalesce((SELECT current.\"key\" FROM current WHERE current.bucket = ? AND current.\"key\" >= ? ORDER BY current.\"key\" LIMIT 1 OFFSET ?), x'')"

# bucket, start, bucket, start, stop, limit, stop
CURRENT_FROM_BELOW = "SELECT count(*) AS count_1, CAST(group_concat(current.\"key\" || current.listing, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM current WHERE current.bucket = ? AND current.\"key\" >= ? AND current.\"key\" < coalesce((SELECT current.\"key\" FROM current WHERE current.bucket = ? AND current.\"key\" >= ? AND current.\"key\" < ? ORDER BY current.\"key\" LIMIT 1 OFFSET ?), ?)"

# bucket, start, bucket, start, limit
CURRENT_AFTER = "SELECT count(*) AS count_1, CAST(group_concat(current.\"key\" || current.listing, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM current WHERE current.bucket = ? AND current.\"key\" > ? AND current.\"key\" < coalesce((SELECT current.\"key\" FROM current WHERE current.bucket = ? AND current.\"key\" > ? ORDER BY current.\"key\" LIMIT 1 OFFSET ?), x'')"

# bucket, start, bucket, start, stop, limit, stop
CURRENT_AFTER_BELOW = "SELECT count(*) AS count_1, CAST(group_concat(current.\"key\" || current.listing, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM current WHERE current.bucket = ? AND current.\"key\" > ? AND current.\"key\" < coalesce((SELECT current.\"key\" FROM current WHERE current.bucket = ? AND current.\"key\" > ? AND current.\"key\" < ? ORDER BY current.\"key\" LIMIT 1 OFFSET ?), ?)"

# bucket, start, age, bucket, start, age, limit
VERSIONS_AFTER = 'SELECT current."key", -current.sequence AS age, current.version_id, 0 AS kind, current.listing FROM current WHERE current.bucket = ? AND (current."key", -current.sequence) > (?, ?) UNION ALL SELECT history."key", history.age AS age, history.version_id, history.kind, history.listing FROM history WHERE history.bucket = ? AND (history."key", history.age) > (?, ?) ORDER BY 1, 2 LIMIT ? OFFSET 0'

# bucket, start, age, stop, bucket, start, age, stop, limit
VERSIONS_AFTER_BELOW = 'SELECT current."key", -current.sequence AS age, current.version_id, 0 AS kind, current.listing FROM current WHERE current.bucket = ? AND (current."key", -current.sequence) > (?, ?) AND current."key" < ? UNION ALL SELECT history."key", history.age AS age, history.version_id, history.kind, history.listing FROM history WHERE history.bucket = ? AND (history."key", history.age) > (?, ?) AND history."key" < ? ORDER BY 1, 2 LIMIT ? OFFSET 0'

# bucket, start, bucket, skipped, skipped, delimiter, following, skipped, delimiter, limit
SEEKS = "WITH RECURSIVE rows(found) AS (SELECT (SELECT current.\"key\" || current.listing AS anon_1 FROM current WHERE current.bucket = ? AND current.\"key\" >= ? ORDER BY current.\"key\" LIMIT 1 OFFSET 0) AS found UNION ALL SELECT (SELECT current.\"key\" || current.listing AS anon_2 FROM current WHERE current.bucket = ? AND current.\"key\" >= (substr(rows.found, 1, (? + instr(substr(rows.found, ? + 1), ?)) - 1) || ?) ORDER BY current.\"key\" LIMIT 1 OFFSET 0) AS found FROM rows WHERE instr(substr(rows.found, ? + 1), ?) > 0) SELECT count(*) AS count_1, CAST(group_concat(found.found, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM (SELECT rows.found AS found FROM rows WHERE rows.found IS NOT NULL LIMIT ? OFFSET 0) AS found"

# bucket, start, stop, bucket, skipped, skipped, delimiter, following, stop, skipped, delimiter, limit
SEEKS_BELOW = "WITH RECURSIVE rows(found) AS (SELECT (SELECT current.\"key\" || current.listing AS anon_1 FROM current WHERE current.bucket = ? AND current.\"key\" >= ? AND current.\"key\" < ? ORDER BY current.\"key\" LIMIT 1 OFFSET 0) AS found UNION ALL SELECT (SELECT current.\"key\" || current.listing AS anon_2 FROM current WHERE current.bucket = ? AND current.\"key\" >= (substr(rows.found, 1, (? + instr(substr(rows.found, ? + 1), ?)) - 1) || ?) AND current.\"key\" < ? ORDER BY current.\"key\" LIMIT 1 OFFSET 0) AS found FROM rows WHERE instr(substr(rows.found, ? + 1), ?) > 0) SELECT count(*) AS count_1, CAST(group_concat(found.found, '\x05\x05\x05\x05\x06') AS BLOB) AS group_concat_1 FROM (SELECT rows.found AS found FROM rows WHERE rows.found IS NOT NULL LIMIT ? OFFSET 0) AS found"

# bucket, key, sequence, id, version_id, inline, blob, body, noncurrent_since, listing, record
PUT_CURRENT = 'INSERT INTO current (bucket, "key", sequence, id, version_id, inline, blob, body, noncurrent_since, listing, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, "key") DO UPDATE SET sequence = excluded.sequence, id = excluded.id, version_id = excluded.version_id, inline = excluded.inline, blob = excluded.blob, body = excluded.body, noncurrent_since = excluded.noncurrent_since, listing = excluded.listing, record = excluded.record'

# bucket, key, sequence, id, version_id, inline, listing, record
PUT_CURRENT_INLINE = 'INSERT INTO current (bucket, "key", sequence, id, version_id, inline, blob, body, noncurrent_since, listing, record) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?) ON CONFLICT (bucket, "key") DO UPDATE SET sequence = excluded.sequence, id = excluded.id, version_id = excluded.version_id, inline = excluded.inline, blob = excluded.blob, body = excluded.body, noncurrent_since = excluded.noncurrent_since, listing = excluded.listing, record = excluded.record'

# bucket, key
REMOVE_CURRENT = 'DELETE FROM current WHERE current.bucket = ? AND current."key" = ?'

# bucket, key, age, id, version_id, kind, inline, blob, body, noncurrent_since, listing, record
PUT_HISTORY = 'INSERT INTO history (bucket, "key", age, id, version_id, kind, inline, blob, body, noncurrent_since, listing, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, "key", age) DO UPDATE SET id = excluded.id, version_id = excluded.version_id, kind = excluded.kind, inline = excluded.inline, blob = excluded.blob, body = excluded.body, noncurrent_since = excluded.noncurrent_since, listing = excluded.listing, record = excluded.record'

# bucket, key, age
REMOVE_HISTORY = 'DELETE FROM history WHERE history.bucket = ? AND history."key" = ? AND history.age = ?'

# id
INLINE = "SELECT inline.id, inline.checks, inline.content FROM inline WHERE inline.id = ?"

# id, checks, content
PUT_INLINE = "INSERT INTO inline (id, checks, content) VALUES (?, ?, ?)"

# id
REMOVE_INLINE = "DELETE FROM inline WHERE inline.id = ?"

# kind, id
REFERENCES = "SELECT reference_counts.kind, reference_counts.id, reference_counts.count, reference_counts.checksum FROM reference_counts WHERE reference_counts.kind = ? AND reference_counts.id = ?"

# kind, id, count, checksum
PUT_REFERENCES = "INSERT INTO reference_counts (kind, id, count, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET count = excluded.count, checksum = excluded.checksum"

# kind, id
REMOVE_REFERENCES = "DELETE FROM reference_counts WHERE reference_counts.kind = ? AND reference_counts.id = ?"

# blob
BLOB_NAMED = "SELECT files.blob, files.checksum FROM files WHERE files.blob = ?"

# start, stop, limit
BLOBS_BETWEEN = "SELECT files.blob, files.checksum FROM files WHERE files.blob >= ? AND files.blob < ? ORDER BY files.blob LIMIT ? OFFSET 0"

# blob
NEXT_BLOB = "SELECT files.blob, files.checksum FROM files WHERE files.blob >= ? ORDER BY files.blob LIMIT 1 OFFSET 0"

# blob
BLOB_BEFORE = "SELECT files.blob, files.checksum FROM files WHERE files.blob < ? ORDER BY files.blob DESC LIMIT 1 OFFSET 0"

# blob, checksum
NAME_BLOB = "INSERT INTO files (blob, checksum) VALUES (?, ?)"

# blob
FORGET_BLOB = "DELETE FROM files WHERE files.blob = ?"

# none
UNSEALED_EPOCHS = "SELECT epochs.number, epochs.sealed, epochs.checksum FROM epochs WHERE epochs.sealed = 0 ORDER BY epochs.number"

# none
LAST_EPOCH = "SELECT epochs.number, epochs.sealed, epochs.checksum FROM epochs ORDER BY epochs.number DESC LIMIT 1 OFFSET 0"

# number, sealed, checksum
OPEN_EPOCH = "INSERT INTO epochs (number, sealed, checksum) VALUES (?, ?, ?)"

# new_checksum, epoch
SEAL_EPOCH = "UPDATE epochs SET sealed=1, checksum=? WHERE epochs.number = ?"

# limit
DROPPED = "SELECT dropped.id, dropped.sequence, dropped.kind, dropped.target, dropped.checksum FROM dropped ORDER BY dropped.id LIMIT ? OFFSET 0"

# sequence, kind, target, checksum
DROP = "INSERT INTO dropped (sequence, kind, target, checksum) VALUES (?, ?, ?, ?)"

# id
FORGET_DROPPED = "DELETE FROM dropped WHERE dropped.id = ?"

# upload_id
UPLOAD_WITH_ID = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.upload_id = ?'

# id
BODY_WITH_ID = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.id = ?'

# bucket, key, upload_id, limit
OPEN_UPLOADS_AFTER = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.bucket = ? AND uploads.is_open = 1 AND (uploads."key", uploads.upload_id) > (?, ?) ORDER BY uploads."key", uploads.upload_id LIMIT ? OFFSET 0'

# bucket, key, upload_id, stop, limit
OPEN_UPLOADS_AFTER_BELOW = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.bucket = ? AND uploads.is_open = 1 AND (uploads."key", uploads.upload_id) > (?, ?) AND uploads."key" < ? ORDER BY uploads."key", uploads.upload_id LIMIT ? OFFSET 0'

# bucket, key, limit
OPEN_UPLOADS_BEYOND = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.bucket = ? AND uploads.is_open = 1 AND uploads."key" > ? ORDER BY uploads."key", uploads.upload_id LIMIT ? OFFSET 0'

# bucket, key, stop, limit
OPEN_UPLOADS_BEYOND_BELOW = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.bucket = ? AND uploads.is_open = 1 AND uploads."key" > ? AND uploads."key" < ? ORDER BY uploads."key", uploads.upload_id LIMIT ? OFFSET 0'

# upload, number
PART_NUMBERED = "SELECT parts.upload, parts.number, parts.document, parts.checksum FROM parts WHERE parts.upload = ? AND parts.number = ?"

# upload, number, limit
PARTS = "SELECT parts.upload, parts.number, parts.document, parts.checksum FROM parts WHERE parts.upload = ? AND parts.number > ? ORDER BY parts.number LIMIT ? OFFSET 0"

# id, upload_id, bucket, key, is_open, initiated, changed, changed_checksum, document, completed, checksum
PUT_UPLOAD = 'INSERT INTO uploads (id, upload_id, bucket, "key", is_open, initiated, changed, changed_checksum, document, completed, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET upload_id = excluded.upload_id, bucket = excluded.bucket, "key" = excluded."key", is_open = excluded.is_open, initiated = excluded.initiated, changed = excluded.changed, changed_checksum = excluded.changed_checksum, document = excluded.document, completed = excluded.completed, checksum = excluded.checksum'

# sequence, check, upload
TOUCH_UPLOAD = "UPDATE uploads SET changed=?, changed_checksum=? WHERE uploads.id = ?"

# id
REMOVE_UPLOAD = "DELETE FROM uploads WHERE uploads.id = ?"

# upload, number, document, checksum
PUT_PART = "INSERT INTO parts (upload, number, document, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (upload, number) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# upload, number
REMOVE_PART = "DELETE FROM parts WHERE parts.upload = ? AND parts.number = ?"

# version, name
ANNOTATION_NAMED = "SELECT annotations.version, annotations.name, annotations.document, annotations.checksum FROM annotations WHERE annotations.version = ? AND annotations.name = ?"

# version, after, limit
ANNOTATIONS = "SELECT annotations.version, annotations.name, annotations.document, annotations.checksum FROM annotations WHERE annotations.version = ? AND annotations.name > ? ORDER BY annotations.name LIMIT ? OFFSET 0"

# version, name, document, checksum
PUT_ANNOTATION = "INSERT INTO annotations (version, name, document, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (version, name) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# version, name
REMOVE_ANNOTATION = "DELETE FROM annotations WHERE annotations.version = ? AND annotations.name = ?"

# id
ACCOUNT_WITH_ID = "SELECT accounts.id, accounts.canonical_id, accounts.display_name, accounts.email, accounts.checksum FROM accounts WHERE accounts.id = ?"

# canonical_id
ACCOUNT_WITH_CANONICAL_ID = "SELECT accounts.id, accounts.canonical_id, accounts.display_name, accounts.email, accounts.checksum FROM accounts WHERE accounts.canonical_id = ? ORDER BY accounts.id LIMIT 1 OFFSET 0"

# email
ACCOUNT_WITH_EMAIL = "SELECT accounts.id, accounts.canonical_id, accounts.display_name, accounts.email, accounts.checksum FROM accounts WHERE accounts.email = ? ORDER BY accounts.id LIMIT 1 OFFSET 0"

# after, limit
ACCOUNTS = "SELECT accounts.id, accounts.canonical_id, accounts.display_name, accounts.email, accounts.checksum FROM accounts WHERE accounts.id > ? ORDER BY accounts.id LIMIT ? OFFSET 0"

# id, canonical_id, display_name, email, checksum
PUT_ACCOUNT = "INSERT INTO accounts (id, canonical_id, display_name, email, checksum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET canonical_id = excluded.canonical_id, display_name = excluded.display_name, email = excluded.email, checksum = excluded.checksum"

# id
REMOVE_ACCOUNT = "DELETE FROM accounts WHERE accounts.id = ?"

# account, kind, place
ENTITY_AT = "SELECT entities.account, entities.kind, entities.place, entities.document, entities.checksum FROM entities WHERE entities.account = ? AND entities.kind = ? AND entities.place = ?"

# account, kind, start, stop, limit
ENTITIES = "SELECT entities.account, entities.kind, entities.place, entities.document, entities.checksum FROM entities WHERE entities.account = ? AND entities.kind = ? AND entities.place >= ? AND entities.place < ? ORDER BY entities.place LIMIT ? OFFSET 0"

# account, kind
ENTITY_COUNT = "SELECT count(*) AS count_1 FROM entities WHERE entities.account = ? AND entities.kind = ?"

# account, kind, place, document, checksum
PUT_ENTITY = "INSERT INTO entities (account, kind, place, document, checksum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, kind, place) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# account, kind, place
REMOVE_ENTITY = "DELETE FROM entities WHERE entities.account = ? AND entities.kind = ? AND entities.place = ?"

# account, kind, known, start, stop, limit
LINKS_FROM = 'SELECT links.account, links.kind, links."left", links."right", links.checksum FROM links WHERE links.account = ? AND links.kind = ? AND links."left" = ? AND links."right" >= ? AND links."right" < ? ORDER BY links."right" LIMIT ? OFFSET 0'

# account, kind, known, start, stop, limit
LINKS_TO = 'SELECT links.account, links.kind, links."left", links."right", links.checksum FROM links INDEXED BY ix_links_account_kind_right_left WHERE links.account = ? AND links.kind = ? AND links."right" = ? AND links."left" >= ? AND links."left" < ? ORDER BY links."left" LIMIT ? OFFSET 0'

# account, kind, right
LINK_COUNT = 'SELECT count(*) AS count_1 FROM links WHERE links.account = ? AND links.kind = ? AND links."right" = ?'

# account, kind, left, right, checksum
PUT_LINK = 'INSERT INTO links (account, kind, "left", "right", checksum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, kind, "left", "right") DO UPDATE SET checksum = excluded.checksum'

# account, kind, left, right
REMOVE_LINK = 'DELETE FROM links WHERE links.account = ? AND links.kind = ? AND links."left" = ? AND links."right" = ?'

# access_key
KEY_WITH_ID = "SELECT access_keys.access_key, access_keys.account, access_keys.user, access_keys.secret, access_keys.created, access_keys.active, access_keys.checksum FROM access_keys WHERE access_keys.access_key = ?"

# account, user
KEYS_OF = "SELECT access_keys.access_key, access_keys.account, access_keys.user, access_keys.secret, access_keys.created, access_keys.active, access_keys.checksum FROM access_keys WHERE access_keys.account = ? AND access_keys.user = ? ORDER BY access_keys.access_key"

# access_key, account, user, secret, created, active, checksum
PUT_KEY = "INSERT INTO access_keys (access_key, account, user, secret, created, active, checksum) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (access_key) DO UPDATE SET account = excluded.account, user = excluded.user, secret = excluded.secret, created = excluded.created, active = excluded.active, checksum = excluded.checksum"

# access_key
REMOVE_KEY = "DELETE FROM access_keys WHERE access_keys.access_key = ?"

# kind, name
DECLARED = "SELECT declared.kind, declared.name, declared.document, declared.checksum FROM declared WHERE declared.kind = ? AND declared.name = ?"

# kind, name, document, checksum
DECLARE = "INSERT INTO declared (kind, name, document, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# at, limit
REMINDERS = 'SELECT reminders.at, reminders.bucket, reminders."key", reminders.sequence FROM reminders WHERE reminders.at <= ? ORDER BY reminders.at, reminders.bucket, reminders."key" LIMIT ? OFFSET 0'

# at, bucket, key, sequence
REMIND = 'INSERT INTO reminders (at, bucket, "key", sequence) VALUES (?, ?, ?, ?) ON CONFLICT (at, bucket, "key") DO UPDATE SET sequence = excluded.sequence'

# at, bucket, key, sequence
FORGET_REMINDER = 'DELETE FROM reminders WHERE reminders.at = ? AND reminders.bucket = ? AND reminders."key" = ? AND reminders.sequence = ?'

# kind, name
DOCUMENT = "SELECT documents.kind, documents.name, documents.document, documents.checksum FROM documents WHERE documents.kind = ? AND documents.name = ?"

# kind, name, document, checksum
KEEP_DOCUMENT = "INSERT INTO documents (kind, name, document, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document, checksum = excluded.checksum"

# kind, name
REMOVE_DOCUMENT = "DELETE FROM documents WHERE documents.kind = ? AND documents.name = ?"

# sequence, time, document, hash
ATTEST = "INSERT INTO audit (sequence, time, document, hash) VALUES (?, ?, ?, ?)"

# bound
TRIM_AUDIT = "DELETE FROM audit WHERE audit.sequence < ?"

# bucket, key
LABELS_OF = 'SELECT labelled.bucket, labelled."key", labelled.labels FROM labelled WHERE labelled.bucket = ? AND labelled."key" = ?'

# bucket, key, labels
PUT_LABELS = 'INSERT INTO labelled (bucket, "key", labels) VALUES (?, ?, ?) ON CONFLICT (bucket, "key") DO UPDATE SET labels = excluded.labels'

# bucket, key
REMOVE_LABELS = 'DELETE FROM labelled WHERE labelled.bucket = ? AND labelled."key" = ?'

# bucket, name, value, key
PUT_LABEL = 'INSERT INTO labels (bucket, name, value, "key") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'

# bucket, name, value, key
REMOVE_LABEL = 'DELETE FROM labels WHERE labels.bucket = ? AND labels.name = ? AND labels.value = ? AND labels."key" = ?'

# bucket, name, value, after, limit
LABELLED = 'SELECT labels."key" FROM labels WHERE labels.bucket = ? AND labels.name = ? AND labels.value = ? AND labels."key" > ? ORDER BY labels."key" LIMIT ? OFFSET 0'

# bucket, name, value, after, stop, limit
LABELLED_BELOW = 'SELECT labels."key" FROM labels WHERE labels.bucket = ? AND labels.name = ? AND labels.value = ? AND labels."key" > ? AND labels."key" < ? ORDER BY labels."key" LIMIT ? OFFSET 0'

# bucket, name, low, high, limit
LABELLED_BETWEEN = 'SELECT labels."key" FROM labels WHERE labels.bucket = ? AND labels.name = ? AND labels.value >= ? AND labels.value <= ? LIMIT ? OFFSET 0'

# bucket, limit
LABELLED_KEYS = 'SELECT labelled."key" FROM labelled WHERE labelled.bucket = ? ORDER BY labelled."key" LIMIT ? OFFSET 0'

# account, kind, id
ITEM_AT = "SELECT items.number, items.account, items.kind, items.id, items.owner, items.type, items.created, items.modified, items.expires, items.revision, items.document, items.checksum FROM items WHERE items.account = ? AND items.kind = ? AND items.id = ?"

# account, kind, id, owner, type, created, modified, expires, revision, document, checksum
PUT_ITEM = "INSERT INTO items (account, kind, id, owner, type, created, modified, expires, revision, document, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, kind, id) DO UPDATE SET owner = excluded.owner, type = excluded.type, created = excluded.created, modified = excluded.modified, expires = excluded.expires, revision = excluded.revision, document = excluded.document, checksum = excluded.checksum"

# account, kind, id
ITEM_NUMBER = "SELECT items.number FROM items WHERE items.account = ? AND items.kind = ? AND items.id = ?"

# account, kind, id
REMOVE_ITEM = "DELETE FROM items WHERE items.account = ? AND items.kind = ? AND items.id = ?"

# rowid, words
PUT_WORDS = "INSERT INTO item_words (rowid, words) VALUES (?, ?)"

# rowid
REMOVE_WORDS = "DELETE FROM item_words WHERE item_words.rowid = ?"

# bucket, key, limit
SCAN_CURRENT = 'SELECT 0 AS kind, current."key", current.sequence AS sequence, current.id, current.version_id, current.inline, current.blob, current.body, current.noncurrent_since, current.listing, current.record, current.bucket FROM current WHERE (current.bucket, current."key") > (?, CAST(? AS TEXT)) ORDER BY current.bucket, current."key" LIMIT ? OFFSET 0'

# bucket, key, age, limit
SCAN_HISTORY = 'SELECT history.kind, history."key", -history.age AS sequence, history.id, history.version_id, history.inline, history.blob, history.body, history.noncurrent_since, history.listing, history.record, history.age, history.bucket FROM history WHERE (history.bucket, history."key", history.age) > (?, CAST(? AS TEXT), ?) ORDER BY history.bucket, history."key", history.age LIMIT ? OFFSET 0'

# id, limit
SCAN_EXPECTED_FILES = 'SELECT expected_files.id, expected_files.owner, expected_files.bucket, expected_files."key", expected_files.state, expected_files.status, expected_files.created, expected_files.updated, expected_files.expires, expected_files.document, expected_files.checksum FROM expected_files WHERE expected_files.id > CAST(? AS TEXT) ORDER BY expected_files.id LIMIT ? OFFSET 0'

# id, limit
SCAN_UPLOADS = 'SELECT uploads.id, uploads.upload_id, uploads.bucket, uploads."key", uploads.is_open, uploads.initiated, uploads.changed, uploads.changed_checksum, uploads.document, uploads.completed, uploads.checksum FROM uploads WHERE uploads.id > ? ORDER BY uploads.id LIMIT ? OFFSET 0'

# upload, number, limit
SCAN_PARTS = "SELECT parts.upload, parts.number, parts.document, parts.checksum FROM parts WHERE (parts.upload, parts.number) > (?, ?) ORDER BY parts.upload, parts.number LIMIT ? OFFSET 0"

# version, name, limit
SCAN_ANNOTATIONS = "SELECT annotations.version, annotations.name, annotations.document, annotations.checksum FROM annotations WHERE (annotations.version, annotations.name) > (?, CAST(? AS TEXT)) ORDER BY annotations.version, annotations.name LIMIT ? OFFSET 0"

# id, limit
SCAN_BUCKETS = "SELECT buckets.id, buckets.name, buckets.account, buckets.region, buckets.created, buckets.versioning, buckets.configured, buckets.checksum FROM buckets WHERE buckets.id > ? ORDER BY buckets.id LIMIT ? OFFSET 0"

# bucket, kind, limit
SCAN_CONFIGURATIONS = "SELECT configurations.bucket, configurations.kind, configurations.document, configurations.checksum FROM configurations WHERE (configurations.bucket, configurations.kind) > (?, CAST(? AS TEXT)) ORDER BY configurations.bucket, configurations.kind LIMIT ? OFFSET 0"

# id, limit
SCAN_ACCOUNTS = "SELECT accounts.id, accounts.canonical_id, accounts.display_name, accounts.email, accounts.checksum FROM accounts WHERE accounts.id > CAST(? AS TEXT) ORDER BY accounts.id LIMIT ? OFFSET 0"

# account, kind, place, limit
SCAN_ENTITIES = "SELECT entities.account, entities.kind, entities.place, entities.document, entities.checksum FROM entities WHERE (entities.account, entities.kind, entities.place) > (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)) ORDER BY entities.account, entities.kind, entities.place LIMIT ? OFFSET 0"

# account, kind, left, right, limit
SCAN_LINKS = 'SELECT links.account, links.kind, links."left", links."right", links.checksum FROM links WHERE (links.account, links.kind, links."left", links."right") > (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)) ORDER BY links.account, links.kind, links."left", links."right" LIMIT ? OFFSET 0'

# access_key, limit
SCAN_ACCESS_KEYS = "SELECT access_keys.access_key, access_keys.account, access_keys.user, access_keys.secret, access_keys.created, access_keys.active, access_keys.checksum FROM access_keys WHERE access_keys.access_key > CAST(? AS TEXT) ORDER BY access_keys.access_key LIMIT ? OFFSET 0"

# number, limit
SCAN_ITEMS = "SELECT items.number, items.account, items.kind, items.id, items.owner, items.type, items.created, items.modified, items.expires, items.revision, items.document, items.checksum FROM items WHERE items.number > ? ORDER BY items.number LIMIT ? OFFSET 0"

# kind, name, limit
SCAN_DECLARED = "SELECT declared.kind, declared.name, declared.document, declared.checksum FROM declared WHERE (declared.kind, declared.name) > (CAST(? AS TEXT), CAST(? AS TEXT)) ORDER BY declared.kind, declared.name LIMIT ? OFFSET 0"

# kind, name, limit
SCAN_DOCUMENTS = "SELECT documents.kind, documents.name, documents.document, documents.checksum FROM documents WHERE (documents.kind, documents.name) > (CAST(? AS TEXT), CAST(? AS TEXT)) ORDER BY documents.kind, documents.name LIMIT ? OFFSET 0"

# sequence, limit
SCAN_AUDIT = "SELECT audit.sequence, audit.time, audit.document, audit.hash FROM audit WHERE audit.sequence > ? ORDER BY audit.sequence LIMIT ? OFFSET 0"

# kind, id, limit
SCAN_REFERENCE_COUNTS = "SELECT reference_counts.kind, reference_counts.id, reference_counts.count, reference_counts.checksum FROM reference_counts WHERE (reference_counts.kind, reference_counts.id) > (CAST(? AS TEXT), ?) ORDER BY reference_counts.kind, reference_counts.id LIMIT ? OFFSET 0"

# id, limit
SCAN_DROPPED = "SELECT dropped.id, dropped.sequence, dropped.kind, dropped.target, dropped.checksum FROM dropped WHERE dropped.id > ? ORDER BY dropped.id LIMIT ? OFFSET 0"

# id, limit
SCAN_INLINE = "SELECT inline.id, inline.checks, inline.content FROM inline WHERE inline.id > ? ORDER BY inline.id LIMIT ? OFFSET 0"

# blob, limit
SCAN_FILES = "SELECT files.blob, files.checksum FROM files WHERE files.blob > ? ORDER BY files.blob LIMIT ? OFFSET 0"

# number, limit
SCAN_EPOCHS = "SELECT epochs.number, epochs.sealed, epochs.checksum FROM epochs WHERE epochs.number > ? ORDER BY epochs.number LIMIT ? OFFSET 0"

# A new store, table by table
CREATE = (
    "CREATE TABLE access_keys ( access_key TEXT NOT NULL, account TEXT NOT NULL, user TEXT DEFAULT '' NOT NULL, secret BLOB NOT NULL, created INTEGER NOT NULL, active INTEGER DEFAULT 1 NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_access_keys PRIMARY KEY (access_key), CONSTRAINT ck_access_keys_active CHECK (active IN (0, 1)) ) WITHOUT ROWID",
    "CREATE TABLE account_counters ( account TEXT NOT NULL, objects INTEGER DEFAULT 0 NOT NULL, versions INTEGER DEFAULT 0 NOT NULL, bytes INTEGER DEFAULT 0 NOT NULL, uploads INTEGER DEFAULT 0 NOT NULL, current INTEGER DEFAULT 0 NOT NULL, CONSTRAINT pk_account_counters PRIMARY KEY (account) ) WITHOUT ROWID",
    "CREATE TABLE accounts ( id TEXT NOT NULL, canonical_id TEXT NOT NULL, display_name TEXT DEFAULT '' NOT NULL, email TEXT DEFAULT '' NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_accounts PRIMARY KEY (id) ) WITHOUT ROWID",
    "CREATE TABLE annotations ( version INTEGER NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_annotations PRIMARY KEY (version, name) ) WITHOUT ROWID",
    "CREATE TABLE audit ( sequence INTEGER NOT NULL, time INTEGER NOT NULL, document BLOB NOT NULL, hash BLOB NOT NULL, CONSTRAINT pk_audit PRIMARY KEY (sequence) )",
    "CREATE TABLE bucket_counters ( bucket INTEGER NOT NULL, objects INTEGER DEFAULT 0 NOT NULL, versions INTEGER DEFAULT 0 NOT NULL, bytes INTEGER DEFAULT 0 NOT NULL, uploads INTEGER DEFAULT 0 NOT NULL, current INTEGER DEFAULT 0 NOT NULL, CONSTRAINT pk_bucket_counters PRIMARY KEY (bucket) )",
    "CREATE TABLE buckets ( id INTEGER NOT NULL, name TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, created INTEGER NOT NULL, versioning TEXT DEFAULT '' NOT NULL, configured INTEGER DEFAULT 0 NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_buckets PRIMARY KEY (id), CONSTRAINT uq_buckets_name UNIQUE (name), CONSTRAINT ck_buckets_versioning CHECK (versioning IN ('', 'Enabled', 'Suspended')) )",
    "CREATE TABLE configurations ( bucket INTEGER NOT NULL, kind TEXT NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_configurations PRIMARY KEY (bucket, kind) ) WITHOUT ROWID",
    "CREATE TABLE current ( bucket INTEGER NOT NULL, \"key\" TEXT NOT NULL, sequence INTEGER NOT NULL, id INTEGER NOT NULL, version_id TEXT NOT NULL, inline INTEGER, blob INTEGER, body INTEGER, noncurrent_since INTEGER, listing BLOB NOT NULL, record BLOB NOT NULL, CONSTRAINT pk_current PRIMARY KEY (bucket, \"key\"), CONSTRAINT ck_current_key CHECK (key <> ''), CONSTRAINT ck_current_one_body CHECK ((inline IS NULL OR blob IS NULL) AND (inline IS NULL OR body IS NULL) AND (blob IS NULL OR body IS NULL)) ) WITHOUT ROWID",
    "CREATE TABLE declared ( kind TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_declared PRIMARY KEY (kind, name) ) WITHOUT ROWID",
    "CREATE TABLE documents ( kind TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_documents PRIMARY KEY (kind, name) ) WITHOUT ROWID",
    "CREATE TABLE dropped ( id INTEGER NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, target INTEGER NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_dropped PRIMARY KEY (id) )",
    "CREATE TABLE entities ( account TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_entities PRIMARY KEY (account, kind, place) ) WITHOUT ROWID",
    "CREATE TABLE epochs ( number INTEGER NOT NULL, sealed INTEGER DEFAULT 0 NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_epochs PRIMARY KEY (number), CONSTRAINT ck_epochs_sealed CHECK (sealed IN (0, 1)) )",
    'CREATE TABLE expected_files ( id TEXT NOT NULL, owner TEXT NOT NULL, bucket INTEGER NOT NULL, "key" TEXT NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, expires INTEGER NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_expected_files PRIMARY KEY (id) ) WITHOUT ROWID',
    "CREATE TABLE feed ( sequence INTEGER NOT NULL, kind TEXT NOT NULL, bucket INTEGER NOT NULL, \"key\" TEXT DEFAULT '' NOT NULL, version_id TEXT DEFAULT '' NOT NULL, size INTEGER DEFAULT 0 NOT NULL, etag TEXT DEFAULT '' NOT NULL, account TEXT DEFAULT '' NOT NULL, CONSTRAINT pk_feed PRIMARY KEY (sequence) )",
    "CREATE TABLE files ( blob INTEGER NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_files PRIMARY KEY (blob) )",
    "CREATE TABLE history ( bucket INTEGER NOT NULL, \"key\" TEXT NOT NULL, age INTEGER NOT NULL, id INTEGER NOT NULL, version_id TEXT NOT NULL, kind INTEGER NOT NULL, inline INTEGER, blob INTEGER, body INTEGER, noncurrent_since INTEGER, listing BLOB NOT NULL, record BLOB NOT NULL, CONSTRAINT pk_history PRIMARY KEY (bucket, \"key\", age), CONSTRAINT ck_history_key CHECK (key <> ''), CONSTRAINT ck_history_age CHECK (age <= 0), CONSTRAINT ck_history_kind CHECK (kind IN (0, 1)), CONSTRAINT ck_history_one_body CHECK ((inline IS NULL OR blob IS NULL) AND (inline IS NULL OR body IS NULL) AND (blob IS NULL OR body IS NULL)) ) WITHOUT ROWID",
    "CREATE TABLE inline ( id INTEGER NOT NULL, checks BLOB NOT NULL, content BLOB NOT NULL, CONSTRAINT pk_inline PRIMARY KEY (id) )",
    "CREATE TABLE items ( number INTEGER NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, type TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, expires INTEGER NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_items PRIMARY KEY (number), CONSTRAINT uq_items_account_kind_id UNIQUE (account, kind, id) )",
    'CREATE TABLE labelled ( bucket INTEGER NOT NULL, "key" TEXT NOT NULL, labels BLOB NOT NULL, CONSTRAINT pk_labelled PRIMARY KEY (bucket, "key") ) WITHOUT ROWID',
    'CREATE TABLE labels ( bucket INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "key" TEXT NOT NULL, CONSTRAINT pk_labels PRIMARY KEY (bucket, name, value, "key") ) WITHOUT ROWID',
    'CREATE TABLE links ( account TEXT NOT NULL, kind TEXT NOT NULL, "left" TEXT NOT NULL, "right" TEXT NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_links PRIMARY KEY (account, kind, "left", "right") ) WITHOUT ROWID',
    "CREATE TABLE moments ( second INTEGER NOT NULL, sequence INTEGER NOT NULL, CONSTRAINT pk_moments PRIMARY KEY (second) )",
    "CREATE TABLE parts ( upload INTEGER NOT NULL, number INTEGER NOT NULL, document BLOB NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_parts PRIMARY KEY (upload, number) ) WITHOUT ROWID",
    "CREATE TABLE reference_counts ( kind TEXT NOT NULL, id INTEGER NOT NULL, count INTEGER NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_reference_counts PRIMARY KEY (kind, id), CONSTRAINT ck_reference_counts_count CHECK (count >= 2) ) WITHOUT ROWID",
    'CREATE TABLE reminders ( at INTEGER NOT NULL, bucket INTEGER NOT NULL, "key" TEXT NOT NULL, sequence INTEGER NOT NULL, CONSTRAINT pk_reminders PRIMARY KEY (at, bucket, "key") ) WITHOUT ROWID',
    "CREATE TABLE state ( id INTEGER NOT NULL, format INTEGER NOT NULL, sequence INTEGER DEFAULT 0 NOT NULL, time INTEGER DEFAULT 0 NOT NULL, lock_time INTEGER DEFAULT 0 NOT NULL, generation INTEGER DEFAULT 0 NOT NULL, next_id INTEGER DEFAULT 1 NOT NULL, checksum INTEGER NOT NULL, CONSTRAINT pk_state PRIMARY KEY (id), CONSTRAINT ck_state_one_row CHECK (id = 1), CONSTRAINT ck_state_sequence CHECK (sequence >= 0), CONSTRAINT ck_state_next_id CHECK (next_id >= 1) )",
    'CREATE TABLE uploads ( id INTEGER NOT NULL, upload_id TEXT NOT NULL, bucket INTEGER NOT NULL, "key" TEXT NOT NULL, is_open INTEGER NOT NULL, initiated INTEGER NOT NULL, changed INTEGER NOT NULL, changed_checksum INTEGER NOT NULL, document BLOB NOT NULL, completed BLOB, checksum INTEGER NOT NULL, CONSTRAINT pk_uploads PRIMARY KEY (id), CONSTRAINT uq_uploads_upload_id UNIQUE (upload_id), CONSTRAINT ck_uploads_is_open CHECK (is_open IN (0, 1)) )',
    "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )",
    "CREATE INDEX ix_access_keys_account_user_access_key ON access_keys (account, user, access_key)",
    "CREATE INDEX ix_accounts_canonical_id ON accounts (canonical_id)",
    "CREATE INDEX ix_accounts_email ON accounts (email)",
    "CREATE INDEX ix_buckets_account_name ON buckets (account, name)",
    'CREATE INDEX ix_expected_files_bucket_key ON expected_files (bucket, "key")',
    "CREATE INDEX ix_expected_files_owner_id ON expected_files (owner, id)",
    "CREATE INDEX ix_expected_files_state_expires_id ON expected_files (state, expires, id)",
    "CREATE INDEX ix_feed_removed ON feed (bucket) WHERE kind = 'BucketRemoved'",
    'CREATE INDEX ix_history_bucket_key_version_id ON history (bucket, "key", version_id)',
    "CREATE INDEX ix_history_null ON history (bucket, \"key\") WHERE version_id = 'null'",
    "CREATE INDEX ix_items_account_kind_owner_id ON items (account, kind, owner, id)",
    'CREATE INDEX ix_links_account_kind_right_left ON links (account, kind, "right", "left")',
    "CREATE INDEX ix_moments_sequence ON moments (sequence)",
    'CREATE INDEX ix_uploads_open ON uploads (bucket, "key", upload_id) WHERE is_open = 1',
    "CREATE VIRTUAL TABLE item_words USING fts5(words, tokenize = 'ascii')",
)
