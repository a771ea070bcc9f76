/* The map: choose indicator, level and year; walk its areas with the arrow keys. Values come from scripts beside the
   page, because a page opened from a file share may read nothing else. Without this file the page shows its first choice. */
"use strict";
(function () {
  const karte = document.querySelector("[data-karte]");
  if (!karte || typeof sozialraum === "undefined") return;
  const wahl = karte.querySelector("form"), ansage = karte.querySelector("[data-ansage]"), ohneKarte = karte.querySelector("[data-ohne-karte]");
  const zeilen = karte.querySelector("[data-zeilen]"), titel = karte.querySelector("[data-titel]"), legende = karte.querySelector("[data-legende]");
  const figur = karte.querySelector("figure"), bilder = [...karte.querySelectorAll(".karte-bild")];
  const stand = { indikator: karte.dataset.indikator, ebene: karte.dataset.ebene, jahr: Number(karte.dataset.jahr) };
  wahl.hidden = false;
  wahl.addEventListener("submit", (e) => e.preventDefault());

  function zahl(wert, stellen) {
    const text = Math.abs(wert).toLocaleString("de-DE", { minimumFractionDigits: stellen, maximumFractionDigits: stellen });
    return wert < 0 ? "−" + text : text;
  }
  function element(name, text, klasse) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (klasse) e.className = klasse;
    return e;
  }
  function svg(name, merkmale) {
    const e = document.createElementNS(bilder[0] ? bilder[0].namespaceURI : document.querySelector("svg").namespaceURI, name);
    for (const [k, v] of Object.entries(merkmale)) e.setAttribute(k, v);
    return e;
  }
  function laden(indikator, fertig) {
    if (sozialraum.daten[indikator]) return fertig();
    const skript = element("script");
    skript.src = "daten/" + indikator.replace(/[^A-Za-z0-9_-]/g, "-") + ".js";
    skript.onload = fertig;
    skript.onerror = () => { ansage.textContent = "Die Werte dieses Indikators ließen sich nicht laden."; };
    document.head.append(skript);
  }
  function bereichBild(wert, unten, oben, skala) {
    const bild = svg("svg", { class: "rang", viewBox: "0 0 84 16", "aria-hidden": "true", focusable: "false" });
    const x = (v) => 5 + Math.min(1, Math.max(0, (v - skala[0]) / (skala[1] - skala[0]))) * 74;
    if (skala[1] > skala[0]) {
      if (unten !== null) bild.append(svg("line", { class: "ki", x1: x(unten), x2: x(oben), y1: 8, y2: 8 }));
      bild.append(svg("circle", { class: "ende", cx: x(wert), cy: 8, r: 4 }));
    }
    return bild;
  }

  function zeigen() {
    const d = sozialraum.daten[stand.indikator];
    const ebenen = Object.keys(d.ebenen);
    const ebene = d.ebenen[stand.ebene];
    const gebiete = sozialraum.gebiete[stand.ebene], name = sozialraum.ebenen[stand.ebene];
    bilder.forEach((b) => { b.toggleAttribute("hidden", b.dataset.ebene !== stand.ebene); });
    const bild = bilder.find((b) => b.dataset.ebene === stand.ebene);
    ohneKarte.hidden = Boolean(bild);
    if (!ebene) {
      titel.textContent = d.name + ": auf dieser Ebene gibt es keine Werte, sondern für " + (ebenen.map((e) => sozialraum.ebenen[e]).join(", ") || "keine Ebene") + ".";
    } else if (!ebene.jahre.includes(stand.jahr)) {
      stand.jahr = ebene.jahre[ebene.jahre.length - 1];
    }
    wahl.elements.jahr.replaceChildren(...(ebene ? [...ebene.jahre].reverse() : []).map((j) => {
      const o = element("option", j);
      o.selected = j === stand.jahr;
      return o;
    }));
    const werte = ebene ? ebene.werte[stand.jahr] : gebiete.map(() => "nicht_geliefert");
    if (ebene) titel.textContent = d.name + " " + stand.jahr + ", " + name + " (" + d.kurz + ")";
    const bekannt = werte.filter(Array.isArray).map((w) => w[0]);
    const reihen = gebiete.map(([id, gebiet, seite], i) => {
      const w = werte[i], r = { i, id, gebiet, seite, wert: -Infinity, klasse: "ohne", rang: "", bereich: "" };
      if (!Array.isArray(w)) {
        [r.text, r.fehlt] = sozialraum.zeichen[w] || ["…", "nicht geliefert"];
        r.ansage = gebiet + ": kein Wert, " + r.fehlt;
        return r;
      }
      const [v, unten, oben, urteil, rangVon, rangBis, status] = w;
      Object.assign(r, { wert: v, unten, oben });
      r.text = status ? "(" + zahl(v, d.stellen) + ")" : zahl(v, d.stellen);
      r.rang = String(1 + bekannt.filter((b) => b > v).length) + (rangVon ? " (" + rangVon + "–" + rangBis + ")" : "");
      if (unten !== null) r.bereich = zahl(unten, d.stellen) + " bis " + zahl(oben, d.stellen);
      r.klasse = "k" + ebene.grenzen.filter((g) => v >= g).length;
      const [zeichen, wort] = sozialraum.vergleich[urteil];
      r.vergleich = zeichen + " " + wort;
      r.ansage = gebiet + ": " + r.text + (r.bereich ? ", 95-Prozent-Bereich " + r.bereich : "") + (urteil === "offen" ? "" : ", " + wort);
      return r;
    });
    if (bild) bild.setAttribute("aria-label", "Karte: " + titel.textContent);
    if (bild) bild.querySelectorAll(".raum").forEach((raum) => {
      const r = reihen[Number(raum.dataset.i)];
      raum.setAttribute("class", "raum " + r.klasse);
      raum.setAttribute("aria-label", r.ansage);
      const text = raum.querySelector("text");
      if (text) text.textContent = r.text;
    });
    zeilen.replaceChildren(...[...reihen].sort((a, b) => (b.wert > a.wert ? 1 : b.wert < a.wert ? -1 : 0) || (a.id < b.id ? -1 : 1)).map((r) => {
      const tr = element("tr"), kopf = element("th"), wert = element("td", undefined, "z"), grafik = element("td");
      kopf.scope = "row";
      if (r.seite) { const a = element("a", r.gebiet); a.href = r.seite; kopf.append(a); } else kopf.textContent = r.gebiet;
      if (r.fehlt) { const a = element("abbr", r.text); a.title = r.fehlt; wert.append(a); } else { wert.textContent = r.text; grafik.append(bereichBild(r.wert, r.unten, r.oben, ebene.skala)); }
      tr.append(element("td", r.rang), kopf, wert, element("td", r.bereich, "z"), grafik, element("td", r.fehlt || r.vergleich));
      return tr;
    }));
    const grenzen = ebene ? ebene.grenzen.map((g) => zahl(g, d.stellen)) : [];
    const klassen = grenzen.length ? ["unter " + grenzen[0], ...grenzen.slice(1).map((g, i) => grenzen[i] + " bis unter " + g), grenzen[grenzen.length - 1] + " und mehr"] : ebene ? [sozialraum.gleich] : [];
    legende.replaceChildren(...klassen.map((text, i) => punkt("k" + i, text)), punkt("ohne", "kein Wert (Grund in der Tabelle)"));
  }
  function punkt(klasse, text) {
    const li = element("li");
    li.append(element("i", undefined, klasse), text);
    return li;
  }

  wahl.addEventListener("change", (e) => {
    stand[e.target.name] = e.target.name === "jahr" ? Number(e.target.value) : e.target.value;
    laden(stand.indikator, () => { zeigen(); ansage.textContent = titel.textContent; });
  });

  const richtung = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  bilder.forEach((bild) => {
    const raeume = [...bild.querySelectorAll(".raum")];
    const ort = (r) => [Number(r.dataset.x), Number(r.dataset.y)];
    function gehen(zu) {
      raeume.forEach((r) => r.setAttribute("tabindex", r === zu ? "0" : "-1"));
      zu.focus();
    }
    // Listeners stand on the figure: a picture that listens for focus becomes a tab stop of its own in some browsers.
    figur.addEventListener("keydown", (e) => {
      const hier = e.target.closest(".raum");
      if (!hier || !bild.contains(hier)) return;
      if (e.key === "Home" || e.key === "End") { e.preventDefault(); gehen(raeume[e.key === "Home" ? 0 : raeume.length - 1]); return; }
      if (!(e.key in richtung)) return;
      e.preventDefault();
      const [dx, dy] = richtung[e.key], [x, y] = ort(hier);
      let bester = null, weite = Infinity;
      for (const r of raeume) {
        const [rx, ry] = ort(r), vor = (rx - x) * dx + (ry - y) * dy, quer = Math.abs((rx - x) * dy) + Math.abs((ry - y) * dx);
        // Nearest in that direction; what lies aside counts double, so that the walk stays on course.
        if (vor > 0 && vor + 2 * quer < weite) { weite = vor + 2 * quer; bester = r; }
      }
      if (bester) gehen(bester);
    });
  });
  ["focusin", "mouseover"].forEach((art) => figur.addEventListener(art, (e) => {
    const r = e.target.closest(".raum");
    if (r) ansage.textContent = r.getAttribute("aria-label");
  }));
})();
