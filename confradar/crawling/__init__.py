"""Crawling: one forked process for each source, one Scrapy spider in it, politely and in bounds."""
