// Shows one Adaptive Card in a page and keeps what was pressed: the client's half of a Universal Action.
'use strict';

const shades = {
  light: { back: '#ffffff', raised: '#f5f5f5', text: '#242424', quiet: '#616161', accent: '#5b5fc7' },
  dark: { back: '#292929', raised: '#1f1f1f', text: '#ffffff', quiet: '#adadad', accent: '#9299f7' },
};

let shade = shades.light;

const colours = () => Object.fromEntries(
  ['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention'].map((name) => [
    name, { default: name === 'accent' ? shade.accent : shade.text, subtle: shade.quiet },
  ]));

const hostConfig = () => new AdaptiveCards.HostConfig({
  fontTypes: {
    default: { fontFamily: 'Segoe UI, system-ui, sans-serif' },
    monospace: { fontFamily: 'Consolas, monospace' },
  },
  containerStyles: {
    default: { backgroundColor: shade.back, foregroundColors: colours() },
    emphasis: { backgroundColor: shade.raised, foregroundColors: colours() },
  },
  actions: { maxActions: 6, actionsOrientation: 'horizontal', buttonSpacing: 8 },
});

window.useTheme = (isDark) => {
  shade = isDark ? shades.dark : shades.light;
  document.documentElement.className = isDark ? 'dark' : 'light';
};

window.showCard = (json) => {
  const context = new AdaptiveCards.SerializationContext();
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = hostConfig();
  card.onExecuteAction = (action) => {
    window.pressed = { verb: action.verb, data: action.data };
  };
  card.parse(json, context);
  document.getElementById('card').replaceChildren(card.render());
  const events = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message);
  return [...events, ...card.validateProperties().validationEvents.map((event) => event.message)];
};
