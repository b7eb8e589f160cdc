// Runes everywhere; component styles go to the CSS file, never into the page.
export default {
  compilerOptions: { runes: true, css: 'external' },
};
