// Keeps the page of an order true where the program does not run: no WebAssembly, no bundle, a slow network, a
// browser from before it all. As old as its readers.
(function () {
  var PAUSE = 3000;
  function isAlive() {
    return document.querySelector('[data-alive]') !== null;
  }
  function look() {
    var panel = document.querySelector('[data-order]');
    if (panel === null || isAlive()) return setTimeout(look, PAUSE);
    var order = panel.getAttribute('data-order');
    var version = panel.getAttribute('data-version');
    var request = new XMLHttpRequest();
    request.open('GET', '/api/orders/' + order + '?wait=20&after=' + version);
    request.timeout = 40000;
    request.onloadend = function () {
      var news = null;
      try {
        news = JSON.parse(request.responseText);
      } catch (error) { /* no answer of the shop's */ }
      if (news !== null && news.version > version && !isAlive()) location.replace('/pay/' + order);
      else setTimeout(look, PAUSE);
    };
    request.send();
  }
  setTimeout(look, PAUSE);
})();
