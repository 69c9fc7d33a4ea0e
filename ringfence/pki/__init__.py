"""The site's own certification authority, by which its hosts' services know each other."""
