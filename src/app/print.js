(function (button) {
  button.hidden = false;
  button.addEventListener('click', function () {
    print();
  });
})(document.currentScript.previousElementSibling);
