import { ref, watchEffect } from 'vue'

const large = ref(localStorage.getItem('text') === 'large'),
  contrast = ref(localStorage.getItem('contrast') === 'high')
watchEffect(() => {
  document.documentElement.dataset.text = large.value ? 'large' : 'normal'
  document.documentElement.dataset.contrast = contrast.value ? 'high' : 'normal'
  localStorage.setItem('text', large.value ? 'large' : 'normal')
  localStorage.setItem('contrast', contrast.value ? 'high' : 'normal')
})

/** Large text and high contrast, kept on this device. */
export function useDisplay() {
  return { large, contrast }
}
