"""The five sources, one file each, found by walking this folder."""
