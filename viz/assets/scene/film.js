// What stills and films ask of the page: a moment, a caption and a camera, at once and without controls.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);

  twin.film = {
    // Only the picture, its caption and where it is from.
    begin(lang) {
      twin.timebar.play(false);
      if (document.documentElement.lang !== lang) $("lang").click();
      document.documentElement.classList.add("presenting", "filming");
      $("caption").hidden = false;
      $("notice").classList.add("unseen");
    },

    facts() {
      const { facts, compare } = twin.scene;
      const both = [facts, ...(compare ? [compare.second.facts] : [])];
      const line = (lang) => [...(facts.schematic ? [twin.words[lang].schematic] : []), ...facts.attribution.map((words) => words[lang])].join(" · ");
      return {
        title: facts.title, variants: both.map((of) => of.variant), clock: facts.clock, whole: facts.cameras[0].bounds,
        sources: { ja: line("ja"), en: line("en") }, busy_s: facts.clock.from_s + twin.timebar.busyMoment(),
      };
    },

    show(atS, chapter, bounds) {
      twin.timebar.set(atS - twin.scene.facts.clock.from_s + 0.01);
      twin.story.at = chapter;
      twin.presenter.show();
      twin.view.frame(bounds ?? twin.scene.facts.cameras[0].bounds, 0);
    },
  };
})(window.__twin);
