"""Dangerous changes made safely: a host puts back by itself what no new login confirmed."""
