-- Was die Profile des Berichts zeigen, also was die Planung am meisten nutzt: je Indikator und Ebene den neuesten Jahreswert
-- auf den heutigen Grenzen. Der Schutz hält diese Werte zuerst, fct_schutz_profil misst, wie viele geblieben sind.
with jahreswert as (
    select wert.indikator_id, wert.gebietsstand, wert.ebene, wert.stichtag
    from {{ ref('fct_indikatorwert') }} as wert
    inner join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand on wert.gebietsstand = gebietsstand.gebietsstand and gebietsstand.aktuell
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    where wert.ist_jahreswert and wert.wert is not null
    group by wert.indikator_id, wert.gebietsstand, wert.ebene, wert.stichtag
),

neuester as (
    select *
    from jahreswert
    qualify stichtag = max(stichtag) over (partition by indikator_id, ebene)
)

select * from neuester
