export default {
  help: {
    intro: 'What is asked most. For anything else, call the service line.',
    items: {
      hours: {
        q: 'How do hours count?',
        a: 'Watch all of a course at normal speed and pass the study checks; then the hours marked on the course are booked. Tiny gaps are fine: up to 2 seconds each and 5 in all.',
      },
      check: {
        q: 'What if I miss a study check?',
        a: 'The video stops and your time stays provisional. Answer when you are back and all of it counts. After 90 seconds two questions are asked; three wrong answers and that part has to be watched again.',
      },
      device: {
        q: 'May I change the device?',
        a: 'Yes. One device counts at a time. Go on on the new one and the old one stops by itself, without losing a second.',
      },
      seek: {
        q: 'Why can I not skip ahead?',
        a: 'New parts cannot be skipped or sped up; what you have studied you may review freely.',
      },
      wrong: {
        q: 'The time is not right?',
        a: 'Open the time in detail on the lesson page: each part that was not counted says why. If in doubt, call the service line and a person will check.',
      },
      cannot: {
        q: 'What can the platform not prevent?',
        a: 'It can prove that every second was really played to one account on one device; it cannot prove who sat before the screen. Please do not lend your account.',
      },
    },
  },
}
