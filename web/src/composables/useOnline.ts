import { ref } from 'vue'

const online = ref(navigator.onLine)
window.addEventListener('online', () => (online.value = true))
window.addEventListener('offline', () => (online.value = false))

/** Whether the browser has a network at all; a server that does not answer shows in each request instead. */
export const useOnline = () => online
