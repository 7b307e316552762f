// Words of the page in both languages; names of places, bodies and states come with the data.
"use strict";
window.__twin = { words: {
  ja: {
    other: "English", langTitle: "Switch to English", themeDark: "暗い背景", themeLight: "明るい背景", flat: "真上から", tilted: "斜めから",
    schematic: "模式図（測量に基づかない）", layers: "表示と凡例", roads: "道路", footpaths: "歩道・歩行者リンク", places: "地点",
    blocks: (shown, found) => (shown < found ? `街区（建物ではない、大きい順に ${found} のうち ${shown}）` : "街区（建物ではない）"),
    buildings: ({ schematic, shown, found, unknown }) => `建物${schematic ? "（模式図）" : ""}${shown < found ? `（${found} のうち ${shown}）` : ""}${unknown ? `（高さ不明 ${unknown} 棟は低く表示）` : ""}`,
    waiting: ({ trucks, yards, road, metres }) => `待ち ${trucks} 台（待機場 ${yards}、道路 ${road}${metres > 0 ? ` = ${Math.round(metres)} m` : ""}）`,
    labels: "地名", trails: "軌跡", play: "再生（スペースキー）", pause: "一時停止（スペースキー）", speed: "再生速度", slider: "時刻",
    replication: "試行", sampled: (kept, all) => `記録された移動 ${all} 件のうち ${kept} 件を表示`,
    share: (percent) => `移動は標本：${percent}％（バスは全車）`, trucks: "台", metres: "m",
    noWebGl: "このブラウザではWebGLが使えないため、平面図で表示しています。", noCodec: "このブラウザは古いため表示できません。ChromeやEdge、Firefoxの新しい版で開いてください。",
    slowGl: "このパソコンでは3D表示が遅いため、平面図で表示しています。「3D」ボタンで切り替えられます。", to3d: "3D", toFlat: "平面図",
    noTraces: "この実行には移動の記録（traces）がありません。", tilt: "視点", capacity: "定員", times: (n) => `${n}倍速`,
    kinds: { stop: "乗降地点", station: "駅", exit: "駅出口", depot: "車庫", gate: "ゲート", yard: "待機場", poi: "目的地" },
  },
  en: {
    other: "日本語", langTitle: "日本語に切り替える", themeDark: "Dark", themeLight: "Light", flat: "From above", tilted: "Tilted",
    schematic: "Schematic, not surveyed", layers: "Layers and legend", roads: "Streets", footpaths: "Footpaths", places: "Places",
    blocks: (shown, found) => `Blocks between streets, no buildings${shown < found ? ` (the largest ${shown} of ${found})` : ""}`,
    buildings: ({ schematic, shown, found, unknown }) => `Buildings${schematic ? " (schematic)" : ""}${shown < found ? ` (${shown} of ${found})` : ""}${unknown ? ` (${unknown} of unknown height, drawn low)` : ""}`,
    waiting: ({ trucks, yards, road, metres }) => `${trucks} trucks wait: ${yards} in yards, ${road} on the road${metres > 0 ? ` (${Math.round(metres)} m)` : ""}`,
    labels: "Names", trails: "Trails", play: "Play (space)", pause: "Pause (space)", speed: "Speed of play", slider: "Time of day",
    replication: "replication", sampled: (kept, all) => `${kept} of ${all} recorded trips shown`,
    share: (percent) => `Movements: a sample of ${percent} %, vans all`, trucks: "trucks", metres: "m",
    noWebGl: "This browser offers no WebGL, so the picture is drawn flat.", noCodec: "This browser is too old to show the picture. Open it in a recent Chrome, Edge or Firefox.",
    slowGl: "This computer draws 3D slowly, so the picture is flat. The button “3D” changes that.", to3d: "3D", toFlat: "Flat",
    noTraces: "This run has no record of movements (traces).", tilt: "View", capacity: "capacity", times: (n) => `${n}×`,
    kinds: { stop: "Stop", station: "Station", exit: "Station exit", depot: "Depot", gate: "Gate", yard: "Holding yard", poi: "Destination" },
  },
} };
