"""Read TIFF files: their structure, the choice of a page, and its pixels."""
