"""Files and where they come from: HRV files, votes, published vectors, downloads."""
