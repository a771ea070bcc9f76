{{ export_indikatoren('verwaltung', "indikator.gruppe in ('bildung', 'altersgruppen')") }}
