import 'uplot/dist/uPlot.min.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { location } from './lib/location.svelte';
import { prefs } from './lib/prefs.svelte';

prefs.apply();
location.listen();

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no #app');
mount(App, { target });
