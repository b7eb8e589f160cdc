// The time of day as state, coarse: for "3 minutes ago".

const STEP_MS = 5000;

class Clock {
  now = $state(Date.now());

  constructor() {
    window.setInterval(() => (this.now = Date.now()), STEP_MS);
  }
}

export const clock = new Clock();
