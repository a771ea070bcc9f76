{{ export_indikatoren('verwaltung', "true") }}
