"""For Scrapy's own commands: `SCRAPY_SETTINGS_MODULE=confradar.crawling.scrapy_settings scrapy crawl elra`.

Like `celeryconfig`, it reads the environment when it is imported. Each spider adds what holds for its source.
"""

from confradar import settings as _configuration
from confradar.crawling import politeness as _politeness

_settings = _configuration.load()
globals().update(
    _politeness.general(
        _settings.contact, allow_private_hosts=_settings.allow_private_hosts, use_proxy=_settings.use_proxy
    )
)
