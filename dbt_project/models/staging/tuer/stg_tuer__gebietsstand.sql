select gebietsstand, gueltig_von, gueltig_bis, aktuell
from {{ tuer('gebietsstand') }}
