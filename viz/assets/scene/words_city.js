// Words about the city and those who move in it, in both languages.
"use strict";
((twin) => {
  Object.assign(twin.words.ja, { looks: { hour: "時刻どおりの明るさ", light: "常に昼", dark: "常に夜" } });
  Object.assign(twin.words.en, { looks: { hour: "Light by the hour", light: "Always day", dark: "Always night" } });
})(window.__twin);
