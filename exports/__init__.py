"""What goes out: files for departments, made from a published mart. Never reads the sealed zone."""
