{{ export_indikatoren('verwaltung', "indikator.gruppe in ('kinder_familien', 'altersgruppen', 'kita', 'hilfen')") }}
