-- Eine Zeile je Quelle der Stadt und Thema ihrer Kennzahlen.
with themen as (
    select quelle_id, name, unnest(themen) as thema, rhythmus, jahresstichtag, seit, verzug_tage
    from {{ tuer('quelle') }}
)

select * from themen
