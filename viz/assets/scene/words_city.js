// Words about the city and those who move in it, in both languages.
"use strict";
((twin) => {
  Object.assign(twin.words.ja, { looks: { hour: "時刻どおりの明るさ", light: "常に昼", dark: "常に夜" },
    van: (n) => `オンデマンドバス ${n}号車`, riders: (n, seats) => (seats ? `乗車 ${n} 人（定員 ${seats} 人）` : `乗車 ${n} 人`),
    next: (stop, clock, boards) => `次：${stop}（${boards ? "乗車" : "降車"} ${clock}）`,
    promise: (minutes) => (minutes > 0 ? `到着の約束より ${minutes} 分早い` : minutes < 0 ? `到着の約束に ${-minutes} 分遅れ` : "到着の約束どおり"),
    box: (has) => (has ? "コンテナを積んでいる" : "コンテナなし"),
    joined: (clock) => `${clock} 列に並ぶ`, through: (clock, minutes) => `${clock} 退場（列に並んでから ${minutes} 分）`,
    joinsLine: "列に並ぶ", leavesGate: "ターミナルを出る", setsOut: "出発", arrives: "終了", notUnderWay: "この時刻には動いていません。",
    boards: (n, stop) => `乗車 ${n} 人　${stop}`, alights: (n, stop) => `降車 ${n} 人　${stop}`,
    people: (n, kind) => (kind === "waiting" ? `迎えを待つ人 ${n} 人` : `滞在中 ${n} 人（図に示す標本）`),
    columns: "待つ人・滞在する人の柱", waitingHere: "停留所で待つ（人、1人15 m）", stayingHere: "滞在（人、1人2 m）",
    told: { density: () => "人の密度（遠景、50 m四方の人数。図に示す標本）", bays: () => "荷さばき・乗降の枠", arcs: () => "この1時間に乗車した人の起終点（青から赤へ）",
      reach_public: (reach) => `公共交通か徒歩で行ける区画の数${reach.minutes ? `（${reach.minutes}分以内）` : ""}`, reach_foot: (reach) => `徒歩だけで行ける区画の数${reach.minutes ? `（${reach.minutes}分以内）` : ""}` },
    ridersOfHour: (n) => `この1時間に乗車 ${n} 人`, reached: (n, minutes) => `${minutes ? `${minutes}分以内に` : ""}行ける区画 ${n}`,
    service: "歩道のサービス水準（人/m²、Fruin）", search: "地点・車両を探す", close: "閉じる（Esc）", equinox: "日付の指定なし：光は春分の日",
  });
  Object.assign(twin.words.en, { looks: { hour: "Light by the hour", light: "Always day", dark: "Always night" },
    van: (n) => `Van ${n}`, riders: (n, seats) => `${n} ${n === 1 ? "rider" : "riders"}${seats ? ` of ${seats} seats` : ""}`,
    next: (stop, clock, boards) => `next: ${stop} (${boards ? "boarding" : "alighting"} ${clock})`,
    promise: (minutes) => (minutes > 0 ? `promise of arrival kept by ${minutes} min` : minutes < 0 ? `promise of arrival missed by ${-minutes} min` : "promise of arrival kept to the minute"),
    box: (has) => (has ? "with a container" : "without a container"),
    joined: (clock) => `${clock} joins the line`, through: (clock, minutes) => `${clock} leaves the terminal (${minutes} min after joining)`,
    joinsLine: "joins the line", leavesGate: "leaves the terminal", setsOut: "sets out", arrives: "ends", notUnderWay: "Not under way at this time.",
    boards: (n, stop) => `${n} board at ${stop}`, alights: (n, stop) => `${n} alight at ${stop}`,
    people: (n, kind) => (kind === "waiting" ? `${n} waiting for a van` : `${n} staying (of the sample shown)`),
    columns: "Columns of those who wait or stay", waitingHere: "waiting at stops (people, 15 m each)", stayingHere: "staying (people, 2 m each)",
    told: { density: () => "Density of people from afar (per 50 m square, of the sample shown)", bays: () => "Bays at the kerb", arcs: () => "Who boarded in the last hour, from (blue) to (red)",
      reach_public: (reach) => `Cells reached by public transport or on foot${reach.minutes ? ` within ${reach.minutes} min` : ""}`, reach_foot: (reach) => `Cells reached on foot alone${reach.minutes ? ` within ${reach.minutes} min` : ""}` },
    ridersOfHour: (n) => `${n} boarded in the last hour`, reached: (n, minutes) => `${n} cells reached${minutes ? ` within ${minutes} min` : ""}`,
    service: "Level of service of footpaths (people/m², Fruin)", search: "Find a place or a vehicle", close: "Close (Esc)", equinox: "No date given: light of the spring equinox",
  });
})(window.__twin);
