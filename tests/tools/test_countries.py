from __future__ import annotations

import pytest

from chat.errors import ToolFailure
from chat.tools import countries


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("China", "CHN"),
        ("china", "CHN"),
        ("  CHINA \n", "CHN"),
        ("CN", "CHN"),
        ("chn", "CHN"),
        ("UK", "GBR"),
        ("U.K.", "GBR"),
        ("GB", "GBR"),
        ("Britain", "GBR"),
        ("the United Kingdom", "GBR"),
        ("US", "USA"),
        ("U.S.A.", "USA"),
        ("America", "USA"),
        ("United States of America", "USA"),
        ("South Korea", "KOR"),
        ("Korea, Rep.", "KOR"),
        ("North Korea", "PRK"),
        ("Türkiye", "TUR"),
        ("TURKIYE", "TUR"),
        ("Turkey", "TUR"),
        ("Holland", "NLD"),
        ("The Netherlands", "NLD"),
        ("Côte d’Ivoire", "CIV"),
        ("Ivory Coast", "CIV"),
        ("España", "ESP"),
        ("Espan\u0303a", "ESP"),
        ("UAE", "ARE"),
        ("Hong Kong", "HKG"),
        ("Viet Nam", "VNM"),
        ("Bosnia & Herzegovina", "BIH"),
        ("DR Congo", "COD"),
        ("Guinea-Bissau", "GNB"),
        ("the euro area", "EMU"),
        ("Eurozone", "EMU"),
        ("EMU", "EMU"),
        ("EU", "EUU"),
        ("European Union", "EUU"),
        ("World", "WLD"),
        ("the world", "WLD"),
        ("OECD", "OED"),
        ("Sub-Saharan Africa", "SSF"),
    ],
)
def test_names_as_people_say_them(name, code):
    assert countries.find(name).code == code


def test_every_name_in_the_table_leads_to_its_own_economy():
    seen = {}
    for economy, aliases in countries._rows():
        for name in (economy.code, economy.code2, economy.name, *aliases):
            assert countries.find(name) == economy, name
            assert seen.setdefault(countries.normalised(name), economy) == economy, f"{name} is claimed twice"


def test_codes_are_fit_for_an_address():
    assert len(countries.by_code()) == len(countries._rows()) > 200
    for economy in countries.by_code().values():
        assert economy.code.isascii() and economy.code.isalpha() and economy.code.isupper() and len(economy.code) == 3
        assert economy.code2.isascii() and economy.code2.isalnum() and len(economy.code2) == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Jpan", "Japan"), ("Germny", "Germany"), ("Swizerland", "Switzerland"), ("Untied Kingdom", "United Kingdom")],
)
def test_misspelt_names_get_suggestions(name, hint):
    with pytest.raises(ToolFailure, match=hint):
        countries.find(name)


@pytest.mark.parametrize("name", ["Taiwan", "TW", "twn", "Chinese Taipei"])
def test_taiwan_is_said_to_be_missing(name):
    with pytest.raises(ToolFailure, match="Taiwan is not in the World Bank's data"):
        countries.find(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Congo", "There are two"),
        ("England", "United Kingdom"),
        ("Europe", "European Union"),
        ("G7", "members"),
        ("Vatican City", "not in the World Bank's data"),
    ],
)
def test_names_without_figures_are_explained(name, message):
    with pytest.raises(ToolFailure, match=message):
        countries.find(name)


def test_nonsense_gets_an_example():
    with pytest.raises(ToolFailure, match="ISO code"):
        countries.find("zzzzqqqq")
