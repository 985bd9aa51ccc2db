"""Made-up people, places, organisations and addresses in many languages, to train the labeller with."""
import json
import random
import unicodedata

from faker import Factory

PERSON_LOCALES = """cs_CZ de_AT de_CH de_DE dk_DK en en_GB en_NZ en_US es_ES es_MX et_EE fi_FI fr_CH fr_FR hr_HR hu_HU id_ID
it_IT lt_LT lv_LV nl_NL no_NO pl_PL pt_BR pt_PT ro_RO sl_SI sv_SE tr_TR en_TH tw_GH""".split()
ROMANISED_LOCALES = ["ru_RU", "uk_UA", "bg_BG", "el_GR"]
NATIVE_LOCALES = ["el_GR", "ru_RU"]
ADDRESS_LOCALES = """cs_CZ de_AT de_DE en_AU en_CA en_GB en_NZ en_US es_ES es_MX fi_FI fr_CH fr_FR hr_HR hu_HU id_ID it_IT
nl_BE nl_NL no_NO pl_PL pt_BR pt_PT sk_SK sl_SI sv_SE""".split()
COMPANY_LOCALES = "cs_CZ de_DE en_US es_MX fi_FI fr_CH fr_FR hr_HR it_IT no_NO pl_PL pt_BR sk_SK sl_SI sv_SE".split()

ROMAN = dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ", "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch".split()
                 + ["", "y", "", "e", "yu", "ya", "i", "yi", "ye", "g"]))
ROMAN.update(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split()))

# Romanised given and family names of places whose script the generator's library keeps.
EAST = {
    "first": """Akira Haruka Kenji Yuki Tomoko Hiroshi Naoki Sakura Daichi Emi Wei Ming Xiu Jing Hao Lei Mei Yan Jun Tao Li
    Min-jun Ji-woo Seo-yeon Hyun Soo-jin Ahmed Fatima Omar Layla Yusuf Aisha Khalid Mariam Hassan Zainab Ibrahim Noor Tariq
    Priya Rahul Ananya Vikram Deepa Arjun Kavita Sanjay Lakshmi Ravi Nguyen Linh Minh Thanh Huong Chidi Ngozi Kwame Amara
    Thabo Zanele Oluwaseun Folake Tendai Abebe Makena Baraka Aroha Tane""".split(),
    "last": """Tanaka Suzuki Watanabe Kobayashi Yamamoto Nakamura Sato Ito Kimura Hayashi Wang Zhang Liu Chen Yang Huang Zhao
    Wu Zhou Xu Kim Park Choi Jung Kang Al-Farsi Haddad Khoury Mansour Rahman Siddiqui Nasser Aziz Saleh Qureshi Patel Sharma
    Singh Gupta Reddy Iyer Nair Chatterjee Banerjee Kapoor Tran Pham Hoang Okafor Adeyemi Mensah Nkosi Dlamini Mwangi Kamau
    Tesfaye Eze Ngata""".split(),
}

FIRMS = """Siemens Bosch Volkswagen BASF Bayer Allianz Airbus Renault Michelin Danone Carrefour Philips Heineken Shell Unilever
Nestlé Novartis Roche ABB IKEA Ericsson Volvo Spotify Nokia Maersk Lego Fiat Ferrari Enel Telefónica Iberdrola Toyota Honda Sony
Panasonic Hitachi Nintendo Samsung Hyundai Huawei Tencent Alibaba Infosys Tata Reliance Petrobras Embraer Google Microsoft Amazon
Apple Facebook Netflix Intel Nvidia Oracle Cisco Adobe Salesforce Twitter Uber Tesla Boeing Ford Pfizer Merck Moderna Walmart Target
Starbucks Disney Visa Citigroup Barclays HSBC Santander UBS Deloitte Accenture Lufthansa Ryanair FedEx DHL Reuters Bloomberg
Greenpeace UNICEF NATO UNESCO NASA FBI Interpol Harvard MIT Stanford""".split() + [
    "General Electric", "Johnson & Johnson", "Procter & Gamble", "Goldman Sachs", "JPMorgan Chase", "Bank of America",
    "Wells Fargo", "Deutsche Bank", "Deutsche Bahn", "Rolls-Royce", "British Airways", "Air France", "Red Cross",
    "World Health Organization", "European Commission", "Federal Reserve", "Supreme Court", "Coca-Cola", "Thyssenkrupp Steel",
    "Merrill Lynch", "Standard & Poor's", "Credit Suisse", "Burger King", "New York Times", "Manchester United"]
BRAND_A = """Open Blue Bright Clear Deep Fast First Gold Green Hyper Inter Iron Light Meta Micro Net New Next North Nova Omni Pay
Peak Pixel Prime Quick Rapid Red Sky Smart Snap Solar Spark Star Sun Swift Trade Trans True Ultra Uni Urban Vertex Vital Wave
White Zen Data Cloud Crowd Health Home House Job Legal Loan Map Market Med Money Port Estate Auto Bio Geo Eco Agri Argo Cap
Child Class Code Connect Credit Energy Farm Fleet Food Fund Genome Govern Insight Kid Lender Logic""".split()
BRAND_B = """ly ify io sys tec tech soft net base point works lab labs data gov logic metrics hub box bit ware scape scope sight path
port stack spring source trace track view wise zon ora exa inc ent quest match map pact link gram force field mark stone gate
cast desk dex era ium""".split()
SUFFIX = """Ltd Ltd. Inc Inc. LLC PLC Group GmbH AG S.A. SE Corp Corp. Corporation & Co. KG B.V. AB Oy SpA and Sons Holdings
Partners Company""".replace("& Co. KG", "&Co.KG").split()
SECTOR = """Capital Systems Markets Analytics Technologies Energy Health Insurance Financial Bank Media Research Investments
Partners Solutions Networks Labs Data Logistics Foods Motors Airlines Pharmaceuticals Consulting Software Records Studios
Robotics Industries Electric Ventures Services Holdings Telecom Steel Chemicals University Institute Orchestra Hospital""".split()
INSTITUTION = """Department of {}|Ministry of {}|Institute for {}|National Bureau of {}|Center for {}|Association for {}|
Agency for {}|Office of {}|Society of {}|Foundation for {}|Committee on {}|Council on {}""".replace("\n", "").split("|")
SUBJECT = """Labor Health Agriculture Finance Education Energy Justice Transport Defense Statistics Commerce|Better Technology|
Human Rights|Foreign Affairs|Public Safety|Applied Physics|Data Science|Political Studies|Open Government|Rural Development|
Housing|Clean Water|Economic Research|Consumer Protection|Information Security""".replace("\n", "")
SUBJECT = [s for part in SUBJECT.split("|") for s in (part.split() if part.startswith("Labor") else [part])]

NRP = """American British English Scottish Irish Welsh German French Italian Spanish Portuguese Dutch Belgian Swiss Austrian
Danish Swedish Norwegian Finnish Icelandic Polish Czech Slovak Hungarian Romanian Bulgarian Greek Turkish Serbian Croatian
Slovenian Bosnian Albanian Macedonian Ukrainian Russian Belarusian Estonian Latvian Lithuanian Georgian Armenian Israeli
Palestinian Lebanese Syrian Iraqi Iranian Persian Saudi Egyptian Moroccan Tunisian Algerian Libyan Nigerian Ghanaian Kenyan
Ethiopian Somali Ugandan Tanzanian Congolese Angolan Namibian Zimbabwean Indian Pakistani Bangladeshi Nepalese Afghan
Chinese Japanese Korean Vietnamese Thai Malaysian Indonesian Filipino Singaporean Taiwanese Mongolian Kazakh Uzbek
Australian Canadian Mexican Cuban Jamaican Haitian Brazilian Argentinian Argentine Chilean Peruvian Colombian Venezuelan
Bolivian Uruguayan Ecuadorian Paraguayan Guatemalan Honduran Nicaraguan Panamanian Cypriot Maltese Luxembourgish European
African Asian Arab Hispanic Latino Jewish Catholic Protestant Muslim Christian Hindu Buddhist Sikh Mormon Lutheran Orthodox
Democrat Republican Conservative Liberal Socialist Kurdish Tibetan Maori Greenlandic Faroese Moldovan Montenegrin""".split()
NRP_PLURAL = """Americans Germans Italians Russians Canadians Mexicans Australians Brazilians Indians Austrians Belgians
Norwegians Greeks Turks Poles Danes Swedes Finns Spaniards Christians Muslims Jews Hindus Buddhists Catholics Democrats
Republicans Serbs Croats Estonians Latvians Hungarians Romanians Koreans Egyptians Nigerians""".split()
NRP_PEOPLE = """Englishman Englishwoman Frenchman Frenchwoman Dutchman Dutchwoman Irishman Irishwoman Scotsman Welshman Welshwoman Spaniard
Swede Dane Finn Turk Pole Serb Croat Briton Scot Greenlander Icelander Luxembourger Liechtensteiner Netherlander Monegasque New-Zealander
Filipina Thai Swazi Motswana Mosotho Emirati Kuwaiti Qatari Omani Bahraini Yemeni Azerbaijani Kosovar Laotian Burmese Bhutanese Maldivian
Barbadian Bahamian Trinidadian Dominican Salvadoran Nicaraguan Costarican Puertorican Gabonese Togolese Beninese Malian Burkinabe Zambian
Malawian Mozambican Rwandan Burundian Sudanese Eritrean Djiboutian Mauritanian Mauritian Seychellois Samoan Tongan Fijian""".split()
TITLES = ["Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Dr", "Miss", "Prof.", "Professor", "Sir", "Madam"]
JOBS = """engineer teacher nurse doctor lawyer accountant plumber electrician carpenter journalist editor architect pharmacist
dentist cashier driver pilot chef waiter welder mechanic machinist librarian psychologist surgeon consultant economist analyst
secretary receptionist butcher baker farmer florist tailor roofer bricklayer translator interpreter photographer actor musician
dancer painter sculptor scientist biologist chemist physicist geologist statistician programmer developer tester recruiter
trainer coach broker banker auditor actuary clerk bookkeeper janitor packager bartender bellhop dispatcher courier foreman
surveyor optician therapist paramedic firefighter detective judge paralegal curator archivist choreographer conductor""".split()
JOB_PREFIX = ["", "", "", "", "senior ", "chief ", "assistant ", "lead ", "financial ", "marketing ", "software ", "human resources ",
              "medical ", "civil ", "industrial ", "mechanical ", "sales ", "project "]

STREET_WORDS = """Street St. St Avenue Ave Ave. Road Rd Rd. Lane Ln Drive Dr Court Ct Boulevard Blvd Way Place Square Terrace
Crescent Close Parkway Trail Ridge Hill Grove Gardens Row Mews Alley Circle Heights Plaza Highway Pike Bypass Loop Walk Ville
Springs Creek Mill Crossing Gateway Extensions Park Parks Island Islands Shore Brook Canyon Cliff Point""".split()
STREET_ENDINGS = """straße strasse weg gasse allee platz ring tie katu kuja polku vej vejen gade gaten gata gatan vägen väg veien
vegur gata straat laan steenweg dreef plein dijk utca brücke stieg markt ufer damm kade singel gränd stigen bakken""".split()
STREET_BEFORE = """Rue|Rue de|Rue du|Rue de la|Avenue de|Boulevard|Chemin|Quai|Place|Via|Viale|Corso|Piazza|Calle|Calle de|Avenida|
Avda.|Plaza|Paseo|Camino|Ctra.|C/|Rua|Rua da|Travessa|Praça|ul.|ul|Ulica|Aleja|os.|Strada|Bulevardul|Karl|Sokak|Jalan|ulice|
Cours|Route de|Impasse|Allée|Largo|Estrada|Urb.""".replace("\n", "").split("|")
STREET_AFTER = ["u.", "utca", "út", "krt.", "sor", "tér", "ulica", "cesta", "iela", "gatvė", "tänav", "Caddesi", "Sokağı", "bb"]
STATES = """AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA
RI SC SD TN TX UT VT VA WA WV WI WY ON QC BC AB MB NSW VIC QLD""".split()
COMPASS = ["North", "South", "East", "West", "Northern", "Southern", "Eastern", "Western", "New", "Upper", "Lower", "Central"]


def load(path, key):
    with open(path, encoding="utf-8") as file:
        return json.load(file)[key]


class Names:
    """Draws from its random source; equal seeds give equal sentences."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        make = {l: Factory.create(l) for l in sorted(set(PERSON_LOCALES + ROMANISED_LOCALES + ADDRESS_LOCALES + COMPANY_LOCALES))}
        for fake in make.values():
            fake.seed_instance(seed) if hasattr(fake, "seed_instance") else fake.seed(seed)
        self.fake = make
        countries = load("/usr/share/iso-codes/json/iso_3166-1.json", "3166-1")
        self.countries = [c.get("common_name", c["name"]) for c in countries]
        self.countries = [c.split(",")[0].split("(")[0].strip() for c in self.countries]
        self.country_codes = [c["alpha_2"] for c in countries]
        areas = load("/usr/share/iso-codes/json/iso_3166-2.json", "3166-2")
        self.areas = [a["name"].split(",")[0].split("(")[0].split("[")[0].strip() for a in areas]
        self.areas = [a for a in self.areas if 2 < len(a) < 24 and not any(ch.isdigit() for ch in a)]
        zones = [line.split("\t")[2] for line in open("/usr/share/zoneinfo/zone.tab", encoding="utf-8") if line[0] != "#"]
        self.cities = [z.split("/")[-1].replace("_", " ") for z in zones]

        def words(path, keep):
            with open(path, encoding="utf-8") as file:
                return [w for w in (line.strip() for line in file) if w.isalpha() and w.islower() and keep(w)]
        self.english = words("/usr/share/dict/american-english", lambda w: len(w) > 1)
        # German writes nouns with capitals: they are ordinary words all the same.
        with open("/usr/share/dict/ngerman", encoding="utf-8") as file:
            self.german = [w for w in (line.strip() for line in file) if w.isalpha() and 3 < len(w) < 16]

    def word(self):
        return self.pick(self.english)

    def pick(self, items):
        return self.random.choice(items)

    def chance(self, probability):
        return self.random.random() < probability

    def roman(self, text):
        out = ""
        for ch in unicodedata.normalize("NFC", text):
            low = ROMAN.get(ch.lower())
            if low is None:
                low = ROMAN.get("".join(c for c in unicodedata.normalize("NFD", ch.lower()) if not unicodedata.combining(c)), ch.lower())
            out += low.capitalize() if ch.isupper() else low
        return out

    def invented(self, syllables=None):
        """A pronounceable word that is in no list: what is around it must tell what it is."""
        onset = "b d f g h j k l m n p r s t v w z br dr fr gr kl kr pl pr sch sh sk sl st str tr th ch ph qu".split()
        vowel = "a e i o u a e i o u ai au ei ie oa ou ya yu ä ö ü é á ø å í".split()
        coda = ["", "", "", "n", "r", "s", "l", "m", "t", "k", "ck", "nd", "rt", "st", "nn", "ss", "ng", "v", "z"]
        count = syllables or self.pick([1, 2, 2, 2, 3, 3])
        return "".join(self.pick(onset) + self.pick(vowel) + self.pick(coda) for _ in range(count)).capitalize()

    def first(self):
        roll = self.random.random()
        if roll < 0.12: return self.invented()
        if roll < 0.24: return self.pick(EAST["first"])
        if roll < 0.32: return self.roman(self.fake[self.pick(ROMANISED_LOCALES)].first_name())
        if roll < 0.335: return self.fake[self.pick(NATIVE_LOCALES)].first_name()
        if roll < 0.55: return self.fake[self.pick(["en_US", "en_GB"])].first_name()
        return self.fake[self.pick(PERSON_LOCALES)].first_name()

    def last(self):
        roll = self.random.random()
        if roll < 0.12: return self.invented()
        if roll < 0.24: return self.pick(EAST["last"])
        if roll < 0.32: return self.roman(self.fake[self.pick(ROMANISED_LOCALES)].last_name())
        if roll < 0.335: return self.fake[self.pick(NATIVE_LOCALES)].last_name()
        if roll < 0.36: return self.pick(["Mc", "Mac", "O'", "D'", "Le", "De"]) + self.invented(1)
        if roll < 0.38: return self.pick(["von ", "van ", "de ", "van der ", "di ", "da ", "el-", "bin "]) + self.invented()
        if roll < 0.6: return self.fake[self.pick(["en_US", "en_GB"])].last_name()
        return self.fake[self.pick(PERSON_LOCALES)].last_name()

    def person(self):
        roll = self.random.random()
        if roll < 0.22: return self.first()
        if roll < 0.34: return self.last()
        middle = ""
        if self.chance(0.17): middle = self.pick("ABCDEFGHIJKLMNOPRSTVW") + self.pick([". ", ". ", " "])
        elif self.chance(0.06): middle = self.first() + " "
        tail = self.pick([" II", " III", " Jr.", " Sr."]) if self.chance(0.03) else ""
        family = self.last()
        if self.chance(0.04): family += "-" + self.last()
        return self.first() + " " + middle + family + tail

    def organization(self):
        roll = self.random.random()
        if roll < 0.1: return self.pick(FIRMS)
        if roll < 0.2: return self.fake[self.pick(COMPANY_LOCALES)].company()
        if roll < 0.27: return "{}, {} and {}".format(self.last(), self.last(), self.last())
        if roll < 0.33: return self.last() + self.pick(["-", " & ", " and "]) + self.last()
        if roll < 0.41: return self.last() + " " + self.pick(SUFFIX)
        if roll < 0.49: return self.pick(INSTITUTION).format(self.pick(SUBJECT))
        if roll < 0.65:
            name = self.pick(BRAND_A) + self.pick(BRAND_B)
            return name + " " + self.pick(SUFFIX) if self.chance(0.15) else name
        if roll < 0.8:
            head = self.pick([self.pick(BRAND_A), self.pick(BRAND_A), self.last(), self.invented(), self.area()])
            if self.chance(0.2): head += " " + self.pick(BRAND_A)
            return head + " " + self.pick(SECTOR)
        if roll < 0.9: return self.invented() + (" " + self.pick(SUFFIX) if self.chance(0.3) else "")
        if roll < 0.95: return self.pick(BRAND_A) + " " + self.pick(BRAND_A) + " " + self.pick(SECTOR)
        return "".join(self.pick("ABCDEFGHIKLMNOPRSTUW") for _ in range(self.pick([2, 3, 3, 4])))

    def area(self):
        return self.pick(self.areas)

    def city(self):
        roll = self.random.random()
        if roll < 0.14:
            name = self.invented()
            if self.chance(0.3): name += self.pick(["berg", "ville", "ton", "burg", "stad", "sund", "by", "heim", "dorf", "ham", "holm"])
        elif roll < 0.3: name = self.pick(self.cities)
        elif roll < 0.62: name = self.area()
        elif roll < 0.72: name = self.pick(["Saint ", "Port ", "New ", "San ", "Santa ", "Villa ", "El ", "La ", "Mount ", "Lake ", "Fort ", "St. ", "Bad ", "Los ", "Mora de "]) + self.pick([self.last(), self.invented()])
        else: name = self.fake[self.pick(ADDRESS_LOCALES)].city()
        return name.upper() if self.chance(0.17) else name

    def country(self):
        return self.pick(self.countries)

    def place(self):
        roll = self.random.random()
        if roll < 0.36: return self.country()
        if roll < 0.42: return self.pick(COMPASS) + " " + self.pick([self.country(), self.area()])
        if roll < 0.5: return self.city() + ", " + self.pick([self.country(), self.pick(STATES), self.area()])
        if roll < 0.52: return self.pick(["Europe", "Asia", "Africa", "South America", "the Balkans", "the Alps", "the Netherlands", "the United States", "USA", "UK", "U.S.", "EU"])
        if roll < 0.54: return self.fake["el_GR"].first_name().upper()
        return self.city()

    def street(self):
        roll = self.random.random()
        stem = self.pick([self.last, self.invented, self.first, self.area])()
        if roll < 0.3: return stem + " " + self.pick(STREET_WORDS)
        if roll < 0.36: return self.pick(["1st", "2nd", "3rd", "4th", "5th", "12th", "21st", "40th", "First", "Second", "Fourth", "Fifth"]) + " " + self.pick(["Street", "Avenue", "St", "Ave"])
        if roll < 0.56: return stem.split()[0].capitalize() + self.pick(STREET_ENDINGS)
        if roll < 0.78: return self.pick(STREET_BEFORE) + " " + stem + (" " + self.last() if self.chance(0.2) else "")
        if roll < 0.84: return stem + " " + self.pick(STREET_AFTER)
        if roll < 0.88: return self.invented() if self.chance(0.6) else stem + " " + self.last()
        return self.fake[self.pick(ADDRESS_LOCALES)].street_name()

    def number(self, digits=4):
        return str(self.random.randint(1, 10 ** self.random.randint(1, digits) - 1))

    def zip(self):
        roll = self.random.random()
        if roll < 0.75: return str(self.random.randint(1000, 99999)).zfill(5)
        if roll < 0.85: return str(self.random.randint(1000, 9999))
        if roll < 0.92: return "{}{} {}{}{}".format(self.pick("ABEGLMNSW"), self.number(2), self.number(1), self.pick("ABDEFGH"), self.pick("ABDEFGH"))
        return "{} {}".format(self.random.randint(100, 999), self.random.randint(10, 99))

    def unit(self):
        return self.pick(["Apt.", "Apt.", "Suite", "Suite", "Unit", "Flat", "Floor", "Room", "Apartment", "#"]) + " " + self.number(3).zfill(self.pick([1, 3]))

    def street_line(self):
        line = self.street() + " " + self.number(4) if self.chance(0.55) else self.number(4) + " " + self.street()
        if self.chance(0.4): line = self.number(4) + " " + line
        return line

    def address(self):
        roll = self.random.random()
        if roll < 0.06: return "PSC {}, Box {}{}APO {} {}".format(self.number(4), self.number(4), self.pick(["\n", " ", ", "]), self.pick(["AA", "AE", "AP"]), self.zip())
        if roll < 0.10: return "Unit {} Box {}{}DPO {} {}".format(self.number(4), self.number(4), self.pick(["\n", " "]), self.pick(["AA", "AE", "AP"]), self.zip())
        if roll < 0.14: return self.pick(["USS", "USNS", "USCGC", "USNV"]) + " " + self.last() + self.pick(["\n", " "]) + "FPO " + self.pick(["AA", "AE", "AP"]) + " " + self.zip()
        if roll < 0.21:
            return "the corner of {} and {}".format(self.street() + (" " + self.number(3) if self.chance(0.4) else ""), self.street())
        if roll < 0.25: return "P.O. Box " + self.number(4) + self.pick([", ", "\n"]) + self.city()
        if roll < 0.31: return self.fake[self.pick(ADDRESS_LOCALES)].address()
        if roll < 0.41:  # continental: street number, postcode city
            return "{} {}{}{} {}".format(self.street(), self.number(3), self.pick([", ", "\n", ", "]), self.zip(), self.city())
        if roll < 0.47: return self.street_line()
        text = self.street_line()
        if self.chance(0.6): text += self.pick([" ", "\n ", ", "]) + self.unit()
        text += self.pick(["\n", "\n ", ", ", " "]) + self.city()
        if self.chance(0.65): text += self.pick([", ", "\n, ", " ", " "]) + self.pick([self.pick(STATES), self.area(), "nan", self.pick(self.country_codes)])
        if self.chance(0.5): text += self.pick(["\n ", " ", ", "]) + self.country()
        if self.chance(0.65): text += self.pick(["\n ", " "]) + self.zip()
        return text

    def nrp(self):
        roll = self.random.random()
        if roll < 0.15: return self.pick(NRP_PLURAL)
        if roll < 0.27: return self.pick(NRP_PEOPLE).replace("-", " ") + self.pick(["", "", "s"])
        return self.pick(NRP)

    def job(self):
        job = self.pick(JOB_PREFIX) + self.pick(JOBS)
        return job.title() if self.chance(0.5) else job

    def honorific(self):
        return self.pick(TITLES)

    def date(self):
        y, m, d = self.random.randint(1930, 2025), self.random.randint(1, 12), self.random.randint(1, 28)
        month = "January February March April May June July August September October November December".split()[m - 1]
        return self.pick([str(y), f"{m}/{d}/{y}", f"{y}-{m:02}-{d:02}", f"{d}.{m}.{y}", f"{month} {d}, {y}", f"{d} {month} {y}", month,
                          "Monday", "Tuesday", "Friday", "Sunday", f"{y}-{m:02}-{d:02} 14:{d:02}:11", f"{month} {y}"])
