select stadt, name, ags, simuliert, statistikstelle, mindestzahl
from {{ tuer('stadt') }}
