-- Eine Zeile je befragter Person und Rand, nach dem gewichtet wird, mit ihrer Klasse darin; nur wer überall eine hat.
with person as (
    select distinct lieferung_id, stichtag, gebietsstand, befragte, raumeinheit_id, altersgruppe, geschlecht, staatsangehoerigkeit
    from {{ ref('stg_umfrage__antwort') }}
    where raumeinheit_id is not null and altersgruppe is not null and geschlecht is not null and staatsangehoerigkeit is not null
),

ziel as (
    select ebene from {{ ref('stg_tuer__ebene') }} where verlaesst_das_haus
    qualify rang = max(rang) over ()
),

klassen as (
    select lieferung_id, stichtag, gebietsstand, befragte, 'alter_geschlecht' as rand, altersgruppe || '|' || case geschlecht when 'w' then 'w' else 'nicht_w' end as klasse
    from person
    union all
    select lieferung_id, stichtag, gebietsstand, befragte, 'alter', altersgruppe
    from person
    union all
    select lieferung_id, stichtag, gebietsstand, befragte, 'staatsangehoerigkeit', staatsangehoerigkeit
    from person
    union all
    select person.lieferung_id, person.stichtag, person.gebietsstand, person.befragte, 'raum_' || vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
    from person
    cross join ziel
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on person.gebietsstand = vorfahr.gebietsstand
        and ziel.ebene = vorfahr.ebene
        and person.raumeinheit_id = vorfahr.raumeinheit_id
)

select * from klassen
