-- Alter und Dauer um Geburtstage und Schalttage, ISO-Wochen um den Jahreswechsel, Median und Quantile ohne Rundung.
with jahre as (
    select fall, erwartet, {{ vollendete_jahre('von', 'bis') }} as gerechnet
    from (values
        ('am Tag vor dem Geburtstag', date '2000-05-10', date '2010-05-09', 9),
        ('am Geburtstag', date '2000-05-10', date '2010-05-10', 10),
        ('Silvester nach Neujahrsgeburt', date '2000-01-01', date '2010-12-31', 10),
        ('Neujahr nach Silvestergeburt', date '2000-12-31', date '2001-01-01', 0),
        ('Schalttagskind am 28. Februar im Gemeinjahr', date '2004-02-29', date '2005-02-28', 0),
        ('Schalttagskind am 1. März im Gemeinjahr', date '2004-02-29', date '2005-03-01', 1),
        ('Schalttagskind am 29. Februar im Schaltjahr', date '2004-02-29', date '2008-02-29', 4),
        ('geboren am 28. Februar, Stichtag Schalttag', date '2003-02-28', date '2004-02-29', 1),
        ('geboren am 1. März, Stichtag Schalttag', date '2003-03-01', date '2004-02-29', 0),
        ('am Tag der Geburt', date '2020-06-15', date '2020-06-15', 0),
        ('vor der Geburt', date '2020-06-15', date '2020-06-14', -1),
        ('unbekannt bleibt unbekannt', cast(null as date), date '2020-06-14', cast(null as integer))
    ) as faelle (fall, von, bis, erwartet)
),

wochen as (
    select cast(tag as varchar) as fall, erwartet, {{ iso_woche('tag') }} as gerechnet
    from (values
        (date '2020-12-31', '2020-W53'), (date '2021-01-03', '2020-W53'), (date '2021-01-04', '2021-W01'),
        (date '2018-12-31', '2019-W01'), (date '2024-02-29', '2024-W09')
    ) as faelle (tag, erwartet)
),

lage as (
    select {{ median('zahl') }} as median, {{ quantil('zahl', 0.25) }} as quartil
    from (values (cast(1 as decimal(9, 0))), (cast(2 as decimal(9, 0))), (cast(4 as decimal(9, 0))), (cast(7 as decimal(9, 0))), (null)) as faelle (zahl)
)

select fall, cast(erwartet as varchar) as erwartet, cast(gerechnet as varchar) as gerechnet from jahre where gerechnet is distinct from erwartet
union all
select fall, erwartet, gerechnet from wochen where gerechnet is distinct from erwartet
union all
-- 1, 2, 4, 7: die Mitte liegt bei 3; das untere Viertel bei 1 + 0,75 · (2 − 1).
select 'Median', '3', cast(median as varchar) from lage where median is distinct from 3.0
union all
select 'Quartil', '1.75', cast(quartil as varchar) from lage where quartil is distinct from 1.75
