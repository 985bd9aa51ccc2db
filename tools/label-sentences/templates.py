"""Sentence shapes. Slots: {P} person, {F} given name, {L} family name, {O} organisation, {G} place, {C} city, {K} country,
{A} whole address, {S} street, {SL} street and number, {U} flat or suite, {Z} postcode, {ST} state, {T} honorific, {J} job title, {N} nationality or creed;
{d} date; not personal: {n} number, {w} any word of a dictionary, {phone}, {card}, {mail}, {url}, {age}, {ssn}, {ip}."""

WITH_NAMES = r"""
My name is {P}.|i am {P}|I'm {P} and I need some help|This is {P} speaking|People call me {F}|Everybody calls me {F} here|You can call me {F}
Hello {P}, thank you for your message|Hi {F}, how are you?|Dear {T} {L},|Dear {P},|Good morning {T} {P}!|Hey {F}!|Hi {P},|Thanks, {F}
Best regards, {P}|Kind regards,\n{P}|Sincerely,\n{P}\n{J}\n{O}|Cheers, {F}|Regards\n{P}\n{O}\n{phone}|-- \n{P}\n{O}\n{A}
Please forward it to {P}|Ask {F} about the invoice|Tell {F} that I will be late|I spoke with {P} yesterday|Remind me to call {F} tomorrow
meeting with {P} and {P} at {n} pm|Schedule a call with {P} from {O} on {d}|follow up with {P} next week|set up lunch with {F} and {F} on {d}
{P} works for {O}|{P} joined {O} in {d}|{P} of {O} spoke first|{P}, who runs {O}, disagreed|{O}'s {P} declined to comment|{P} left {O} for {O}
{P} from {O} opened the conference|{P}, {J} at {O}, said so on {d}|{P}, the {J}, told reporters: "We are sorry."|"I never said that," says {P}.
"It was a mistake," {P} said.|"{G} will not wait," said {P}, the {J}.|{T} {L} asked for a copy|{T} {P} is on leave until {d}|{T} {L} travelled to {G} on {d}
{P} and {P} were friends|{P}, {P} and {P} wrote it together|We invited {P}, {P}, {P}, {P} and {P}.|There were four of them: {F}, {F}, {F} and {F}.
I voted for {P}|{L} beat {L} in the final|{L} and {L} were the engineers on this record|Have you seen {P} live?|Have you heard the new {P} album?
A song by {P} about losing everything|the {P} version was recorded in {d}|The {L} novel is better than the film|{L}'s killers were never found|a tribute to {P}
This one by former singer {L} is a gem|Produced by {P} and written by {F} {L}|Directed by: {P}|Starring: {P}, {P}, {P}|Music: {P}\nLyrics: {P}|Written By:   {P}
{F} shouted at {F}: "Come back!"|{F}: "Where were you?"\n{F}: "At home."|{P}: "I'm {P}'s sister."|{F} told {F} about it|{F} is my brother|My wife {F} is {age} years old
{F} has always been reliable|{P} will speak at the event|{P} was born on {d} in {C}|She was born {d}. Her maiden name is {L}|His name was {P}|Her maiden name was {L}
My grandfather's name was {P} and my grandmother's was {P}|The patient, {P}, was admitted on {d}|Patient: {P}, born {d}|Patient {P} ({age}) reports pain|Dr. {L} saw {P} on {d}
The account belongs to {P}|The card is in the name of {P}|Account holder: {P}\nIBAN: {iban}|name on card: {P}|The name is misspelled, it should be {T} {P}|My statement says {P}, which is wrong
Bot: Who am I talking to? User: {P}|Agent: may I have your name?\nCustomer: {P}|User: my name is {P}\nAssistant: Hello {F}!|Name: {P}|Name:   {P}\nAddress:    {A}|First name: {F}\nLast name: {L}
Contact: {P}, {phone}, {mail}|{P} <{mail}>|From: {P} <{mail}>\nTo: {P} <{mail}>\nSubject: invoice|cc {P}|@{F} please review|assigned to {P}|reviewed by {F} {L}|approved by {L}
Perhaps it's under {P}|maybe the booking is under {L}|a table for two, {L}|The reservation is for {P}|Tickets for {P} and {P}|Is {F} there?|May I speak with {T} {L}?
She studied under {P} at the University of {C}|{P} wrote her first book, "The Winter", in {d}|He is a student of {P}|{P} grew up in {G}|{P} moved from {C} to {C}|{P} lives in {G}
{P} lives at {A}|{P} gave {F} the address: {A}|{P}\n{A}|{P}\n\n{A}|{P}\n{O}\n{A}|{O}\n{P}\n{A}|{O}\n\n{A}|> {P}\n> {O}\n> {A}|Ship to: {P}\n{A}|Bill to {P}, {A}
{P}\n{O}\n{A}\n{phone} office\n{phone} fax|{T} {P} {SL} {U}\n{C} {ST} {Z}|Deliver to {T} {P}, {SL}, {Z} {C}|Invoice for {P}\n   {SL} {U}\n   {C}\n   {K}\n   {Z}
Please send it to {A}|Send the statement to {A} please|My address is {A}|My new address is {A}|I moved to {A}|I used to live at {A}, now I live at {A}|Change my address to {A}
Could you update my address to {A}?|Can you send the replacement card to {A}? I am in {C} this week|The office is at {A}|We are located at {A}|Our headquarters: {A}|Pick me up at {SL}
Meet me at {SL}|The shop is on {S}|He lives on the south side of {SL}|Turn left into {S}|the corner of {S} and {S}|Stop at the corner of {S} and {S} please|Take the second exit to {S}
The parcel arrived at {A} yesterday|Return to {A} if undelivered|The bakery at {SL} sells {N} bread|The address of {O} is {A}|{O}, {A}|{O} has its seat in {A}|An ambulance went to {SL}, {C}
card {card} was lost, send a new one to {A}|update the billing address to {A} for card {card}|Billing address: {A}|Shipping address:\n{A}|Where: {A}\nWhen: {d}|Visit us in {SL}, {C}
I live in {G}|I come from {G}|I'm from {G}|We moved here from {G}|I am originally from {K}|We spent the summer in {G}|Who wants to visit {G} with us?|{G} was great fun|{K} was beautiful this year
Flights from {C} to {C} on {d}|book a hotel in {C}|What is the weather in {C}?|Is it raining in {G}?|How far is {C} from {C}?|I'm in {G} for a meeting|on a business trip to {G}|the mayor of {C}
{C} is the capital of {K}|{K} borders {K} and {K}|The population of {G} is {n}|{G} and {G} signed the treaty|troops from {K} entered {K}|elections in {K} on {d}|wines from {K}
The plane landed in {C} after leaving {C} this morning|the train from {C} was late|Our plant in {C} was closed|the {C} office|the hall of {C} Country Club|the {C} City Council|{C} University
{P}\n\n{C}\n{K}|{P}, {C}, {K}|{C}, {d}|Where: {C} Town Hall|From: {C}\nTo: {C}|Pay tribute here to the {K}|Founded in {d} and at home in {G}, the choir sings everywhere
I work at {O}|I used to work for {O} as a {J} but left|She is the {J} of {O}|The {J} of {O} resigned|{O} hired {n} people|{O} is hiring a {J}|{O} was founded by {P} in {d}
{O} announced a deal with {O}|{O} is a {N} bank|{O} is a {N} company based in {C}|{O} invested in new machines during {d}|shares of {O} fell {n} percent|{O} and {O} merged|{O} sued {O}
{O} has been a partner of {O} since {d}|a spokesperson for {O} said|The contract with {O} ends on {d}|invoice from {O}|We buy our bearings from {O}|switch from {O} to {O}|a subsidiary of {O}
Celebrating ten years in {C}, {O} brings writers from {G} together|supporting {O} in {C} {Z} in its mission|The three largest are {O}, {O} and {O}.|the {C} branch of {O}|{O} ({C})
{P} founded {O} in {C}.|{P}'s {O} lost {n} million|{P} was named {J} of the year ahead of {P} of {O} and {O}'s {P}|We started with three founders: {L}, {L} and {L}.|{O} is the idea of two friends: {F} and {F}
{O} releases a new phone|According to {O}, prices rose|I have an account with {O}|my insurance is with {O}|A call from {O} about my loan|The {O} report of {d}|{O} v. {O}
He is {N}|She speaks with a {N} accent|I love {N} food|the {N} ambassador|a {N} restaurant|We are proud {N}s|two {N} tourists|the {N} government|Are you {N}?|The {N} team lost|{N} citizens living in {G}
{T} {P} is a {age} year old {J} from {G}|{P} is a {age}-year-old {J}|a {N} {J} named {P}|{J} {P} testified|our {J}, {F} {L}, will call you|I am a {J} at {O}|works as a {J} in {C}|former {J} {P}
{P} ({O}) to {P} ({O}): ok|{L}, {F}|{L}, {F}; {L}, {F}|Mit freundlichen Grüßen\n{P}|Sehr geehrter Herr {L},|Sehr geehrte Frau {L},|Hallo {F}, wie geht es dir?|Ich heiße {P}|Mein Name ist {P}
Herr {L} hat angerufen|Frau {P} aus {C} bittet um Rückruf|Ich wohne in {C}|Ich komme aus {K}|Bitte an {A} senden|Meine Adresse lautet {A}|Die Firma {O} liefert nicht|{P} arbeitet bei {O}|Termin mit {P} am {d}
Wir treffen uns in der {S}|{P}, geboren am {d} in {C}|Der Patient {P} klagt über Schmerzen|Kunde: {P}, {A}|Ansprechpartner: {P}, Tel. {phone}|Die Rechnung von {O} ist offen|Schicht von {F} und {F}|Bitte {P} informieren
Je m'appelle {P}|J'habite à {C}|Bonjour {P},|Monsieur {L} a appelé|Mon adresse est {A}|{P} travaille chez {O}|Me llamo {P}|Vivo en {C}|Hola {F}, ¿qué tal?|El señor {L} llamó ayer|Mi dirección es {A}
Mi chiamo {P}|Abito a {C}|Buongiorno {P},|Il mio indirizzo è {A}|Ik heet {P}|Ik woon in {C}|Nazywam się {P}|Meu nome é {P}|Moro em {C}|Jag heter {P}|Jeg hedder {P}|Jeg bor i {C}
Summarise the complaint of {P} from {C}|Write a letter to {P} at {O}|Draft an email to {F} about the delay|Translate this note from {P} into German|Who is {P}?|What does {O} do?|Tell me about {G}
Compare {O} with {O}|Write a poem for my daughter {F}|Prepare the contract between {O} and {P}|Write a reference for {P}, {J}|employee {P} was late on {d}|{P} has diabetes|the salary of {P} is {n}
{"name": "{P}", "city": "{C}"}|name,city,employer\n{P},{C},{O}|<customer>{P}</customer>|INSERT INTO users VALUES ('{P}', '{C}', '{mail}')|user={F} city={C}|Owner: {P}; Site: {C}|{P} | {O} | {C}
It was over between her and {P}'s son|nobody believed {P}'s story|between {F} and {F}|{F}'s mother knows {F}'s father|Don't tell {F}!|Go home, {F}.|She visits {F} and {F} in {G}
"{F}?" - "Yes, {F}?"|{P} vs. {P}|{P} (born {d}) is a {N} {J}|{P}, {age}, of {C}|{P} was arrested in {G} on {d}|The fans want {L} out|{L} scored twice|{L} et al. ({d})|according to {L} ({d})
""".strip()

WITH_WORDS = r"""
{P} is the {w} {w}|{P} was {w} by the {w} {w}|the {w} of {P} is {w}|a {w} {w} called {P}|my {w} was called {P} and my {w} was called {P}|{w} {w} {P} {w} the {w}|{P} {w} and {w} at {G}|his {w}, {P}, {w} the {w}
{O} is a {w} {w} and {w} company|{O} {w} its {w} {w}|the {w} {w} of {O} {w}|{w} {w} between {O} and the {w}|{w} by {O} for {w} {w}|In {d}, {O} {w} a {w} {w}|Looking for {w} {w} at {O} in {C} {Z}|a {w} {w} from {O}
the {w} {w} in {G} is {w}|{G} has a {w} {w}|{w} from {G} to {G} by {w}|the {w} of {G} {w} {w}|in {C}, the {w} {w} a {w}|{w} near {C}, {K}|the {N} {w} {w} in {d}|a {N} {w} of {w} {w}|{N} {w} and {N} {w}
he {w} {F} and {w} her {w}|she told {F}'s {w} that the {w} {w} was {w}|between him and {P}'s {w}; everyone {w} so|they {w} {P} at the {w} of the {w}|her {w} {F} was {w}, but {F} {w} it|{F} and I {w} the {w}|it is {F}'s {w} {w}
the {w} {w} at {A} is {w}|the {w} arrived at {A} last {w}|{w} my {w} and {w} {w} to the same: {A}|ask the {w} to {w} at {SL}|the {w} of {S} and {S}|there is a {w} on {S} near the {w}|{w} {w}: {A}|the {w} is on the north side of {SL}
{T} {L} {w} to {C} on {d} morning|{T} {P} {w} the {w} on {d} evening|on {d} night {F} {w} to {G}|since {d} the {w} is {w}|{P} published her {w}, "The {w} of a {w}", in {d} while studying {w} and {w} at the University of {C}|{T} {P} is a {age} year old man who {w} in {C}
For my {w} on {T} {L}, see {w} {w}: 5 {w} Of The 70s|One of the most {w} {w} on the {w}. He's {w} from {G}, but {F} {w}. Don't go to {w}, {F}!|The {P} {w} is a {w} example of {w} {w}|Is there a better {w} {w} than early {L}?|Another {w} {w} from {P}'s {w} {w}
I {w} for {O} as a {J}, but {w} a few months ago|{O} needs a {J} with {w} {w}|{P}, the {J}, said: "{w} is {w}."|as {J} of {O} she {w} {w}|There were {n}: {P}, {P}, {P} and {P}.|the big three are {O}, {O} and {O}|the economy of {C}: {O}, {O} and {O}
Here is my SSN: {ssn}|my social security number is {ssn}|where client_ip = '{ip}'|connect to {ip} from {C}|my {w} number is {ssn}, {P}|license {ssn}
the home city {C}: {O}|{w} the {w} {w}, {P} {w}: "the {w} is {w}"|{P} ({w}), {P} ({w}) and {P} ({w})|{w} {w}, {w}: {P}|{F} is {w}|is {F} {w}?|{O} is {w}|are the {w} of {O} {w}?|the {w} {w} with {F}|{w} to {F}|{w}, {F}.|{w} {L}'s {w}
"{w} the {w} and {w}," says {P} in a {w} {w}|the {w} release by {P} {w} to {w}|Producer {P} {w} to the {w}: "We {w} the {w}"|pay {w} here to {G}. {P} {w}|{P} {w} {O} in {d}, {w} the {w}|{C} {w} club|the {C} {w} is {w}|{O}, {w} of {w}|{w} {N}s {w}|We are {w} {n}
""".strip()

WITHOUT_NAMES = r"""
What are my options?|How do I open an account?|Can I talk to a human?!|WHY DOES THIS NOT WORK???|I DON'T UNDERSTAND THE MENU!!|I want to cancel my subscription|How do I check the balance of my card?|Where is my refund?
My card {card} was stolen|Please block card {card} now|How do I redeem the points of card {card}?|Transfer from {iban} to another account|Call me on {phone}|Send it to {mail}|My website is {url}|Born on {d}|It has been like that since {d}
I'll turn {age} on the weekend|The patient is a {age}-year-old woman with a history of migraine|Name, address and telephone number are required|Please confirm your first name, last name and date of birth
The bot is evil|my religion does not permit it|Words like Courage and Wisdom are capitalised sometimes|Three... two... one... go!|Sing it to me, sing it to you, sing it from the heart|Rock and Roll|The Show Must Go On
Comedy, Drama, Mystery & Suspense|Action & Adventure, Animation|Kids & Family|Winner of Best Picture|Salesperson of the Month|You will be responsible for the care of many species|10+ years of experience in sales
Conveyor C-42 in hall 2 stopped|Motor M7 draws {n} A|Replace the Bearing SKF 6204|The PLC reports error E{n}|Press 3 leaks oil|Order {n} is late|Part no. {n} is missing|Palette {n} umlagern|Robot R2 is in Safe Mode
Check the S7-1500 for firmware {n}|The OPC UA server does not answer|Set the Setpoint to {n} degrees|Machine state: RUNNING|Alarm: Overtemperature on Axis 3|Shift report for Line 4|Torque limit exceeded at Station 7
Write a Python function that sorts a list|Explain the difference between TCP and UDP|Convert this SQL query to JSON|What is a JavaScript Promise?|Fix the bug in this C++ code|How do I install Docker on Ubuntu?|Use React and TypeScript
SELECT * FROM Orders WHERE Status = 'Open'|import os\nfrom datetime import date|class Invoice(Base):\n    Total = Column(Integer)|def main():\n    print("Hello World")|public static void Main(String[] args)|#include <vector>
TypeError: Cannot read property 'length' of undefined|Error 404: Page Not Found|git commit -m "Fix Build"|kubectl get pods -n Production|The GDPR and the HIPAA differ|The API returns HTTP {n}|Open the File menu and choose Save As
Summarise the following text|Translate the sentence into German|Please write it in English|Answer in French|Is this Spanish or Portuguese?|Explain like I'm five|Give me three ideas for dinner|Write a haiku about autumn|Tell me a joke
Who invented the telephone?|What is the meaning of life?|How many planets are there?|What is the square root of {n}?|Solve for x: 2x + 3 = {n}|Prove that there are infinitely many primes|Which element has the symbol Fe?
Let f(x) = x^2 be a function. Find f({n}).|A train leaves at {n} and travels for 3 hours|The sum of two numbers is {n}|What is the probability of rolling two sixes?|If a shirt costs ${n}, how much do 4 cost?|Answer: {n}
The meeting is on Monday at {n}|See you in October|Happy New Year!|Merry Christmas and Happy Easter|On {d} we close early|Quarterly Report for Q3|Annual General Meeting|Terms and Conditions apply|Please Read The Manual
The Board approved the Budget|The Committee will meet in Spring|Our Privacy Policy has changed|Chapter 3: Results and Discussion|Figure 2 shows the Results|Table of Contents|Frequently Asked Questions|Executive Summary
I like pizza, pasta and Beer|Bread, Butter and Milk|The Moon orbits the Earth|The Internet is slow today|Windows and Linux|Buy Low, Sell High|Good Morning!|Thank You Very Much|Dear Sir or Madam,|To whom it may concern
Das Förderband in Halle 2 steht|Die Presse verliert Öl|Bitte den Motor prüfen|Der Auftrag {n} ist verspätet|Das Lager meldet einen Fehler|Die Schichtleitung wurde informiert|Wie lautet die Fehlermeldung?|Guten Morgen
Bitte fasse den Text zusammen|Die Temperatur liegt bei {n} Grad|Der Sensor an der Anlage ist defekt|Schreibe eine E-Mail an den Kunden|Wo finde ich die Anleitung?|Der Kunde wartet auf die Lieferung|Die Rechnung ist bezahlt
Die Qualität der Teile ist gut|Im Werk gilt Helmpflicht|Am Montag kommt die Wartung|Die Dichtung am Ventil tropft|Welche Schraube passt in die Bohrung?|Das Ergebnis der Messung war negativ|Sehr geehrte Damen und Herren,
La machine est en panne|Quel temps fait-il aujourd'hui ?|Le moteur fait du bruit|Merci pour votre aide|La máquina no funciona|¿Cuánto cuesta?|Gracias por la ayuda|La macchina è ferma|Grazie mille|O motor parou
The Great Gatsby is a novel|The Lord of the Rings|Have you read War and Peace?|She sang Yesterday|The Beatles song is old|Big Bang Theory|The White House|Ancient Rome fell|the Second World War|the Renaissance|the Middle Ages
Use the Metric System|Boil Water for {n} minutes|Mix Flour and Sugar|Vitamin C and Iron|The Higgs Boson has mass|Newton's laws|the Pythagorean theorem|Bayesian statistics|a Gaussian distribution|Boolean logic
There was a time when everyone knew this tune|It is one of the saddest songs on this list|Is there a better example of good writing?|You should not worry about the order of the list|She just has to leave town tonight|Nobody is perfect
We liked the idea of writing about where we live and love|Growing up here is the best thing that ever happened to us|This is a story of old friends|To me it's the most beautiful place in the world|Who are you?|What are you doing here?
Ignore the warning|Turn the page|He said nothing|It rained all night|Come in|They were late again|We are closed today|I think so|Maybe tomorrow|That was close|All is well|Why not?|Never mind|Let us begin
The device has {n} GB of memory|Version {n} fixes a crash|Reset the router|The Battery lasts {n} hours|Bluetooth is off|Wi-Fi password|USB-C cable|HDMI Port 2|the Settings app|Airplane Mode|Dark Mode|Press Ctrl and C
""".strip()

OPENERS = """Write|Explain|Create|Describe|Summarize|List|Find|Calculate|Consider|Suppose|Given|Let|Imagine|Choose|Determine|Identify|Generate|Design|Implement|Compute|Evaluate|Discuss|Compare|Analyze|Prove|Show|Use|Read|Return|Make|Provide|Suggest|Which|What|When|Where|Why|How|The|This|These|In|On|At|For|If|After|Before|While|Although|However|Therefore|Some|Many|Every|Each|All|Most|Today|Yesterday|Now|Then|There|Here|Yes|No|Please|Sure|Okay|Well|And|But|Or|So""".split("|")
NOUNS = """machine pump valve report order invoice customer team product market price answer question number list table file server cluster model data system process method result function class object string array loop test bug code page user account password network cable sensor motor bearing temperature pressure shift plan budget contract policy law court patient doctor drug dose pain heart blood cell water air fire earth tree river mountain road bridge car train plane ship house room door window book song film game story poem letter word sentence language school student teacher exam grade city country world war peace king queen army church god music art science history physics chemistry biology mathematics theory experiment energy force mass speed light time day week month year morning night summer winter apple bread cheese coffee dinner kitchen garden flower dog cat horse bird fish color shape circle line angle area volume ratio percent dollar bank loan tax trade company factory worker engine robot camera phone screen battery internet website email message photo video""".split()
VERBS = """is was has makes takes gives finds needs shows uses keeps holds runs moves starts stops opens closes breaks fixes sends reads writes learns teaches buys sells pays costs grows falls rises turns waits works fails helps means contains requires produces causes follows becomes remains seems looks feels""".split()
ADJECTIVES = """good bad new old big small fast slow hot cold red blue green black white long short high low heavy light early late open closed full empty clean dirty safe dangerous simple complex cheap expensive strong weak rich poor happy sad young common rare public private local global first second last next main final""".split()
FUNCTION = """the a of in on at for with from to by about after before between and or but not no this that these those every some any more most very too also only just still""".split()
CAPITALISED = """January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday Christmas Easter Python Java Linux Windows Docker Kubernetes GitHub Excel Word PowerPoint SQL HTTP JSON XML YAML CPU GPU RAM PLC OPC API URL PDF CSV HTML CSS GDPR ISO DIN ERP SAP MES CRM KPI CEO CTO Earth Moon Sun Mars Internet Bible Quran Olympics Nobel Grammy Oscar BLUE Red Section Chapter Figure Table Appendix Step Phase Level Part Version Model Type Class Grade Unit Volume Theorem Lemma Example Question Answer Note Warning Error Option Task Input Output Context Instruction Response""".split()

# Everyday sentences that are put together: {s} subject, {v} verb, {o} object pronoun, {p} possessive, {x} contraction, {q} preposition.
EVERYDAY = r"""
{x} like it to be {w} to {o}|{x} like to {w} the {w}|{s} {v} {o} and {v} {p} {w}|{s} {v} to {o} about {p} {w}|put it in the {w} of everyone|give it to {o}, give it to {o}, and {w} it|{x} {w} when {s} {v} {o}
{s} {v} because {s} {v} {p} {w}|{x} not sure whether {s} {v} {o}|as far as {s} {v}, {p} {w} is {w}|{s} {v} what {s} {v}, and {s} {v} it {q} {o}|the {w} {q} the {w} {v} {o}|{p} {w} does not {w} {o} to {w}
an argument could be made that this should be {w}|this is a perfect example of why you shouldn't {w} {q} the {w}|one of the best {w}s ever|how lucky we are to have {w} here|for the first time in {p} life|it is what it is|at the end of the day
{s} {v} {o} {q} the {w}, but {s} {v} {w} {w}|{w} {w}ed by the {w}|evil and {w} by the Devil|made {q} {p} own {w}|the first {w} {w} {q} a classical {w}|one million {w}s were {w}|the rapid {w} of the {w} industry
new {w} designs|{w} music|a {w} version recorded for {o}|uncharacteristically {w}|the {w} of the unions in the 60s|back in the 90s|a teenager|the whole thing|this {w} {w} {w} could {q} {o}|would you {w} {o} to {w}?
Could you please {w} {o}?|Can {s} {w} it {q} {o}?|Why {v} {s} {o}?|Is this {p} {w}?|What does {p} {w} mean?|Which of {o} {v} it?|{x} told {o} so|Have you {w}ed {p} {w}?|Do you {v} {o}?|Where did {s} {w} {o}?|Who {v} {o}?
My religion and {p} politics|God knows|Oh my God|Thank God|Devil may care|Heaven and Hell|the Sun and the Moon|the President spoke|the Minister of Nothing|Mum and Dad {v} {o}|my dad {v} {p} {w}|my mother {v} {o}|her husband {v}|our neighbours {v}
the corner of street_name and street_name|${w}_{w} = {n};|{w}({w}, {w})|{w}: {n}, {w}: {n}|[{w}] {w} {w}|{w}/{w}/{w}.{w}|--{w} {n}|{w}_id={n}|# {w} {w}|{w} -> {w}|{w} >= {n}
{n} of {n} {w}s {v}|{n}% of {o}|about {n} {w}s {q} {n} {w}s|a {n}-{w} {w}|${n} for a {w}|{n} kg of {w} and {n} l of {w}|between {n} and {n} {w}s|number {n}|Room {n}|Gate {n}|page {n} of {n}
She {v} {n} {w}s each {w} and gives {n} to {p} {w}s. How many {w}s are left?|He drives {n} miles in {n} hours. What is the speed?|A farmer has {n} cows and {n} hens|Each box holds {n} pencils|They {v} {n} more {w}s than {o}
""".strip()
SUBJECTS = "I you he she it we they everyone somebody nobody people this that who".split()
VERBS_ANY = """have had want wanted need needed like liked think thought know knew see saw find found make made take took give gave tell told ask asked
get got go went come came say said call called keep kept leave left love loved hate hated show showed help helped send sent write wrote read use used
try tried put hear heard hold held bring brought mean meant let lose lost pay paid meet met play played move moved""".split()
OBJECTS = "me you him her it us them everyone myself yourself himself herself themselves somebody anything nothing".split()
POSSESSIVES = "my your his her its our their whose someone's everyone's".split()
CONTRACTIONS = """I'd I'll I'm I've you'd you'll you're you've he'd he'll he's she'd she'll she's it's it'd we'd we'll we're we've they'd they'll they're they've
that's there's who's what's don't didn't doesn't won't can't couldn't wouldn't shouldn't isn't aren't wasn't let's""".split()
PREPOSITIONS = "in on at for with from to by about after before between into through over under against during without within along behind beyond near of".split()
MORE_NAMES = r"""
> \n> {P}\n> {O}\n> {P}\n> {SL}\n> {U}\n> {C}\n> {K} {Z}|>{P}\n>{O}\n>{P}\n>{SL}\n>{U}\n>{C}\n>{K} {Z}|??? {P}\n??? {O}\n??? {SL}\n??? {U}\n??? {C}\n??? {K} {Z}|{P}\n\n{SL}\n {U}\n {C}\n {K} {Z}|{P}\n\n{C}\n{K}|{O}\n\n{SL}\n {U}\n {C}\n {K} {Z}
{P}\n{O}\n{A}\n{phone} office\n{phone} fax\n{phone} mobile|{P}\n{C}\n{K}|{O}\n{C}, {K}|{P}\n{O}|{O}\n{P}|{P}\n{J}\n{O}\n{C}|{O}\n\n{A}|{P}\n\n{A}|Billing address: {P}\n    {SL} {U}\n   {C}\n    {ST}\n    {Z}|Billing address: {P}\n    {SL} {U}\n   {C}\n    nan\n    {Z}
{T} {P} {U} {SL}\n{C} {ST} {Z}|{P} had given {P} his address: {SL}, {C}|{F} had told {F} her address: {SL}, {C}|{P} has moved to {SL}, {C}|{P} lives at {SL}, {C}|{P} stays at {SL} in {C}|{P} had {w} {F}|{P} has {w} it|{P} did not {w}|{P} will {w}|{P} would {w}
this song by ex-{w} {L} is {w}|ex-{w} {P} {w}|former {w} {L} {w}|{w}-{n} pay tribute here to the {K}. Producer {P} explained to {O}|During {d}, {O} {w} {w} in new {w} designs|In {d}, {O} {w}|In {d} {O} {w} {O}|Since {d}, {P} has {w}|By {d}, {C} {w}
Celebrating its {n}th year in {C}, {O} is a {w} that {w} {w} from around the world to {G} to {w}|it {w} from around the world to {C} to {w} the {w}|In {C}, {O} {w}|In {C}, {P} {w}|From {C}, {P} {w} to {O}|At {O}, {P} {w}
in {C} {w} {C}: {O}, {O} and {O}.|{w} {C}: {O}, {O} and {O}|{O}, {O} and {O} {w}|{L}, {L} and {L}, {O} and {O}|"I'm {w} to hear that {K} is {w} in that {w}," says {L}.|"{w} {w} {K} {w}," says {P}.|says {L}.|said {P} of {O}.
Looking to {w} {O} in {C} {Z} in its {w}|to {w} {O} in {C}|We are proud {N}s|the {N}s {w} the {N}s|{O} is an {N} multinational investment bank|{O} is a {N} {w} and {w} services company|Name:    {P}\nAddress:     {A}|Name: {P}\nCompany: {O}|Where: {C} Country Club\nWhen: {d}
the {P} version {w} for {O} became the first {w}|the {P} {w} at {O}|{P} (guitar), {P} (drums)|Have you been to a {P} concert before?|Have you ever {w} a {P} {w}?|{P}: "Who are you?"\n{P}:"I'm {P}'s daughter".|{P}, {P} and {P}.|They had {n}: {P}, {P}, {P} and {P}.
My great {w} was called {P}, and my great {w} was called {P}|{P} was called {F}|called {P} and {P}|The name is {P}, {w}|The letter {w} at {A} last night.|{A} {w} {w}|sent to {A}|Whom did {P} {w}?|The CEO of {O} is {P}|{P} of {O} is the CEO of the year|{O}'s {P}|{P} of {O}'s, {P} of {O}, and {O}'s {P}
""".strip()

# Prose as people write it: reviews, job advertisements, news, letters, chats.
PROSE = r"""
Highly motivated specialist with 5+ years of experience in logistics and customer service.|Awarded Employee of the Month twice.|Increased revenue by 12% within the first quarter.|Proven track record in project management, budgeting and team leadership.|Fluent in two languages, with strong writing skills.|Looking for a position where I can grow.
We are seeking an energetic team player to join our marketing department in {C}.|The ideal candidate has a Bachelor's degree and a valid driving licence.|You will report to the Head of Operations.|Benefits include health insurance, paid leave and a company car.|Apply online before {d}.|Full time, remote, no agencies please.
It is one of those records that grows on you with every listen.|The chorus is simple, the verses are not, and the bass line carries the whole thing.|A masterpiece of the genre, if a little too long.|{P} wrote most of the lyrics while touring in {G}.|The second album never lived up to the first.|I still can't believe this didn't make the Top 40.
Nobody does heartbreak like {P}.|If you ask me, {L} was robbed of the prize.|There are only two kinds of people: those who love {P} and those who have never heard of {P}.|The guitar solo at the end is worth the price of admission.|Critics called it Music for the People.|Best Song Ever? Probably not, but close.
The storm knocked out power to more than {n} homes overnight.|Police said no one was injured in the accident.|The government announced new measures on {d} to curb inflation.|Officials in {C} declined to comment.|The company, based in {C}, makes parts for wind turbines.|Shares of {O} rose three percent after the announcement.
{O}, which employs {n} people in {G}, plans to open a second site next year.|Prices have gone up again, and so has my patience.|Experts warn that the worst is yet to come.|Voters in {K} go to the polls on {d}.|"We did everything we could," {P} told the court.|A spokeswoman for {O} confirmed the figures.
Thank you for contacting us. Your request has been received and will be processed shortly.|Please find attached the documents you asked for.|We regret to inform you that your application was not successful.|I am writing to complain about the service I received on {d}.|Could you let me know when the parcel will arrive?|I would appreciate a quick reply.
I ordered two lamps last week and only one was delivered.|My internet has been down since this morning and nobody answers the hotline.|How can I reset my password if I no longer have access to my email?|I was charged twice for the same item.|Is there a fee for paying in another currency?|What documents do I need to open a savings account?
Why was my card declined at the supermarket?|Can I withdraw cash abroad without extra charges?|Please increase the limit on my account for two weeks.|I'd rather speak to a human being, thanks.|You're not listening to me!|This is the third time I'm asking.|OMG this is so annoying|lol never mind, found it|ok thx bye
Once upon a time there was a miller who had three sons.|The old man looked at the sea and said nothing.|It was a bright cold day, and all the clocks were wrong.|She closed the door behind her and began to cry.|He had never seen so many stars.|Long live the Queen!|In the beginning was the word.|To be or not to be, that is the question.
Mix the flour with the eggs, then add a pinch of salt.|Bake for forty minutes or until golden brown.|Serve with a green salad and a glass of white wine.|Let the dough rest overnight in the fridge.|Season with pepper and freshly chopped parsley.|Add the onions and fry until soft.
Take one tablet twice a day with food.|The patient was discharged in good condition.|No known allergies.|Blood pressure was slightly elevated.|Follow-up in six weeks.|The X-ray showed a hairline fracture of the left wrist.|History of asthma and hay fever.|The nurse checked the dressing every four hours.
Water boils at a lower temperature at high altitude.|The heart pumps blood through the body.|Light travels faster than sound.|In physics, work is force times distance.|An atom consists of a nucleus and electrons.|Cells divide by mitosis.|The Industrial Revolution changed how people lived and worked.|Dinosaurs died out long ago.
Which of the following statements is true?|All of the above|None of the above|Both A and B|Neither Statement 1 nor Statement 2|Assume that the function is continuous.|Let A be a matrix with real entries.|The order of the group is prime.|Consider the following program.|What happens when you run this code?
Turn off the machine before you remove the cover.|Wear gloves and safety glasses at all times.|Tighten the screws crosswise to 12 Nm.|The indicator lights up red when the filter is full.|See the Operating Manual, page 14.|Do Not Open While Running|Emergency Stop|Authorized Personnel Only|Lubricate every 500 hours.
The service restarts itself after a crash.|I pushed the fix to the develop branch.|Tests are green, merging now.|Can you take a look at my pull request?|The Build Server is out of disk space again.|Logs are attached below.|Please rebase onto main.|Works on my machine.|Stack Overflow says otherwise.
The kids are at school until three.|We should go camping some time.|My back hurts from all that digging.|Dinner is ready!|Who left the lights on?|Don't forget to feed the cat.|Grandma's apple pie is the best in the world.|The neighbours are having a party again.|I can't find my keys anywhere.|Let's meet at the usual place.
In his will he left everything to his nephew {P}.|The witness, {P}, could not be found.|{P}'s lawyer argued that the evidence was weak.|The defendant, {P}, {age}, of {C}, pleaded not guilty.|Judge {L} dismissed the case.|Detective {L} took notes.|The landlord, {T} {L}, refuses to fix the heating.
Last summer {F} and I hiked from {C} to {C}.|{F} says hi!|Happy birthday, {F}! Hope you have a great one.|Did {F} call you back?|I'll ask {F} to send you the file.|{F}, can you hear me?|{F} got the job at {O}!!!|Our neighbour {P} won the lottery.|Everyone except {F} was there.|She married {P} in {d} and moved to {G}.
You can reach {P} at {mail} or {phone}.|Our contact at {O} is {P}.|{P} will take over from {P} on {d}.|As discussed with {P}, we will ship the goods to {A}.|The goods are to be delivered to {O}, {A}.|{O} - {A}|The hotel is at {A}, five minutes from the station.|Please pick up the keys at {SL} in {C}.|I grew up on {S} in {C}.|{SL} is for sale.
{P} plays for {C}.|{C} beat {C} two to one.|{K} won the World Cup in {d}.|the {N} champion {P} retired|{L} scored a late winner for {C}.|The race from {C} to {C} was cancelled.|The {N} Grand Prix was won by {P}.|Coach {L} blamed the referee.|{P} (left) with {P} in {C}, {d}.|Photo: {P}
The {N} painter {P} was born in {C} in {d}.|{P} studied law in {C} before joining {O}.|{P} ({n}-{n}) was a {N} {J}.|His works are shown in {C}, {C} and {C}.|the {C} School of Economics|{P} Award for Young Writers|the Museum of Modern Art in {C}|{L} Street Band|The {L}s came to dinner.|the {L} family|Mr and Mrs {L}
""".strip()

# Titles and headings: {W} is a dictionary word with a capital that names nothing personal.
TITLED = r"""
"{W} {W}" is my favourite song|her first novel, "The {W} of the {W}"|the film {W} and {W} was too long|see {W} {W}: {n} {W}s Of The {W}s You're Supposed To {W}|{W} & {W}, {W}, {W}|{W}, {W}, {W} & {W}, {W} & {W}|{W} {W} {W}: A {W} {W}|The {W} {W}|{W} the {W}|A {W} of {W}
How To {W} Your {W}|{n} {W}s You Should {W}|{W} {W} ({W})|Chapter {n}: {W} {W}|{W}: {w} {w}|I work in {W} and {W}|Capitalised words like {W} and {W} confuse everyone.|Press {W}, then {W}.|the {W} button|select {W} from the {W} menu|the {W} module failed|our new {W} {w}|{W} {n} is {w}|Model {W}{n}|the {W} standard
{P} in "{W} of the {W}"|{P}'s {W} {W}|{P}'s "{W} {W}" came out in {d}|{P} sings {W} {W}|{O} presents {W} {W}|{O}'s {W} {n}|{L}'s {W} Tales|from {P}'s {W}|{P} - {W} {W}|{W} by {P}|{W} feat. {P}|{W} {W} in {C}|{W} {W} at {O}|{w} about {W}s, {w} {W}s and {w}|{W} for {O}|{W} from {C}
{W} said: it is {w}|{W}s are {w}|{W}? {w} {w}|{W}! {w} the {w}|{W}, {w} {w} and {w}|Dear {W}, {w} {w}|hello {w}, {w} {w}|{w} {w}? {W} {w}.|{W} {w} {w} {w}, {w} {w}.|{W} {w} to {w} {o}|{W} {s} {v} {o}|{W} {q} {p} {w}|{W} {p} {w} {q} the {w}|Very {w}. {W} {w}.|{W} is the {w} of the {w}
{P} is a {w}|{P} is very {w}|{F} {v} {o}|{s} {v} {F}|{s} {v} {P} {q} the {w}|{s} {v} from {C}|{s} {v} {q} {C}|{s} {v} {q} {K}|{s} {v} {o} at {O}|{s} {v} {q} {O}|{p} {w} {v} {P}|{p} {w} is {P}|{p} {w} lives in {C}|{p} {w} {q} {C} {v} {o}|{C} is {w} {q} {d}|{x} going to {C} {q} {d}|{x} {q} {C}|{x} from {K}|{x} with {F}|{x} at {O}
{w} {q} {C}|{w} {q} {K} is {w}|{w} {w} {q} {C}, {K}|{w} {q} the {C} {w}|{w} {q} {O}|{w} {q} {P}|{K} {w}|{K}'s {w}|{C}'s {w} {w}|{w} and {w} in {C} and {C}|{w}: {C}|{w}: {P}|{w}: {O}|{w} = {P}|{w} ({P})|{w} ({C})|{w} ({O})|Southern {C}|in {w} {C}|all over {K}|{C}-based {w}|{K}-born {P}
""".strip()

# Examination questions and lists of choices: many capitals, nobody's names.
CHOICES = r"""
Which of the following {w} the {w}? A. {W} B. {W} C. {W} D. {W} Answer:|{w} {w} {w}\nA. {W} {w}\nB. {W} {w}\nC. {W} {w}\nD. {W} {w}\nAnswer:|The {w} of {w} {q} {w} is A. {w} B. {w} C. {w} D. {w}|A. {n} B. {n} C. {n} D. {n}|(A) {W} (B) {W} {w} (C) {W} (D) None of these|A) {w} {w} B) {W} C) both
Statement 1 | The {w} of a {w} is {w}. Statement 2 | Every {w} has a {w}. A. True, True B. False, False C. True, False D. False, True|_______ are {w}, where {w} {w}. A. {W}, {W} B. {W}, {W} C. {W}, {W} D. {W}, {W}|The {w} {q} ________ and ________ {w} {w}|Find the {w} of f(x) = {n}x + {n} in Z_{n}[x].|Let p = ({n}, {n}, {n}) in S_{n}. What is the {w}?|Q: {s} {v} {o}? A: {W}.
What is a {w} {w}? A. {W} {w} {w} B. {W} {W} C. {W} D. {W} {w}|I. {W} II. {W} III. {W}|{W} Theory|{W}'s theorem|the {W} {W} Model|{W} Law, {W} Policy and {W}|1. {W} {w}\n2. {W} {w}\n3. {W} {w}|- {W} {w}\n- {W} {w}|* {W}: {w} {w}|{W}: {W}, {W}, {W}|a. {w} b. {w} c. {w}|{w} = {n}, {w} = {n}. Find {w}.|Solve {n}x - {n} = {n}|{n} / {n} = ?
""".strip()

