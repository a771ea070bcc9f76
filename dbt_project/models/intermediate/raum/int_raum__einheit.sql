-- Alle Raumeinheiten je Gebietsstand mit ihrer übergeordneten, dazu je Ebene unter der Stadt das Mitglied
-- "nicht zuordenbar", in dem steht, was der Lieferant keinem Gebiet zuweisen konnte.
with juengste as (
    select *
    from {{ ref('stg_raumgliederung__raumeinheit') }}
    qualify stichtag = max(stichtag) over (partition by gebietsstand)
),

mit_rang as (
    select
        juengste.raumeinheit_id,
        juengste.gebietsstand,
        juengste.ebene,
        ebene.rang,
        ebene.verlaesst_das_haus,
        juengste.name,
        juengste.uebergeordnet_id,
        coalesce(juengste.gueltig_von, gebietsstand.gueltig_von) as gueltig_von,
        coalesce(juengste.gueltig_bis, gebietsstand.gueltig_bis) as gueltig_bis,
        juengste.flaeche_ha,
        juengste.geometrie,
        juengste.geometrie_epsg,
        juengste.lieferung_id
    from juengste
    inner join {{ ref('stg_tuer__ebene') }} as ebene on juengste.ebene = ebene.ebene
    inner join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand on juengste.gebietsstand = gebietsstand.gebietsstand
),

-- Wo der Lieferant nichts sagt: das einzige Mitglied der gröberen Ebene, sonst das mit dem längsten gemeinsamen Schlüsselanfang.
kandidat as (
    select
        gebietsstand,
        rang,
        raumeinheit_id,
        count(*) over (partition by gebietsstand, rang) as mitglieder
    from mit_rang
),

gefunden as (
    select
        kind.raumeinheit_id,
        kind.gebietsstand,
        kind.ebene,
        kandidat.raumeinheit_id as uebergeordnet_id
    from mit_rang as kind
    inner join kandidat
        on kind.gebietsstand = kandidat.gebietsstand
        and kind.rang = kandidat.rang + 1
        and (kandidat.mitglieder = 1 or starts_with(kind.raumeinheit_id, kandidat.raumeinheit_id))
    where kind.uebergeordnet_id is null
    qualify row_number() over (
        partition by kind.gebietsstand, kind.ebene, kind.raumeinheit_id order by length(kandidat.raumeinheit_id) desc
    ) = 1
),

nicht_zuordenbar as (
    select
        'nz_' || ebene.ebene as raumeinheit_id,
        gebietsstand.gebietsstand,
        ebene.ebene,
        ebene.rang,
        ebene.verlaesst_das_haus,
        'nicht zuordenbar' as name,
        case when ebene.rang = 2 then stadt.raumeinheit_id else 'nz_' || groeber.ebene end as uebergeordnet_id,
        gebietsstand.gueltig_von,
        gebietsstand.gueltig_bis,
        stadt.lieferung_id
    from {{ ref('stg_tuer__ebene') }} as ebene
    inner join {{ ref('stg_tuer__ebene') }} as groeber on ebene.rang = groeber.rang + 1
    cross join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand
    inner join mit_rang as stadt on gebietsstand.gebietsstand = stadt.gebietsstand and stadt.rang = 1
),

zusammen as (
    select
        mit_rang.raumeinheit_id,
        mit_rang.gebietsstand,
        mit_rang.ebene,
        mit_rang.rang,
        mit_rang.verlaesst_das_haus,
        false as nicht_zuordenbar,
        mit_rang.name,
        coalesce(mit_rang.uebergeordnet_id, gefunden.uebergeordnet_id) as uebergeordnet_id,
        mit_rang.gueltig_von,
        mit_rang.gueltig_bis,
        mit_rang.flaeche_ha,
        mit_rang.geometrie,
        mit_rang.geometrie_epsg,
        mit_rang.lieferung_id
    from mit_rang
    left join gefunden
        on mit_rang.raumeinheit_id = gefunden.raumeinheit_id
        and mit_rang.gebietsstand = gefunden.gebietsstand
        and mit_rang.ebene = gefunden.ebene
    union all
    select
        raumeinheit_id,
        gebietsstand,
        ebene,
        rang,
        verlaesst_das_haus,
        true,
        name,
        uebergeordnet_id,
        gueltig_von,
        gueltig_bis,
        null,
        null,
        null,
        lieferung_id
    from nicht_zuordenbar
)

select * from zusammen
