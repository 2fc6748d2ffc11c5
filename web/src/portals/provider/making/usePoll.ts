import { onBeforeUnmount, onMounted } from 'vue'

/** Asks again every two seconds as long as something runs and somebody looks. */
export function usePoll(run: () => unknown, busy: () => boolean, every = 2000) {
  let timer = 0
  onMounted(() => {
    timer = window.setInterval(() => {
      if (!document.hidden && busy()) run()
    }, every)
  })
  onBeforeUnmount(() => clearInterval(timer))
}
