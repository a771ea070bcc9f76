{{ export_indikatoren('verwaltung', "indikator.gruppe in ('altersgruppen', 'haushalte', 'kita', 'kinderarmut', 'jugendhilfe', 'gesundheit')") }}
