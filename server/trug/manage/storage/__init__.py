"""Files and buckets for applications that do not speak S3."""
