select stadt, name, ags, simuliert, statistikstelle, mindestzahl, epsg, letzte_ausgabe
from {{ tuer('stadt') }}
