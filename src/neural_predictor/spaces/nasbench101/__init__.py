"""NAS-Bench-101: cells of up to seven vertices, their enumeration and official hash."""
