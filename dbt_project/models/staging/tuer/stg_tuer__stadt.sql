select stadt, name, ags, simuliert, statistikstelle, mindestzahl, epsg
from {{ tuer('stadt') }}
