export default {
  messages: {
    bell: 'Messages',
    bellUnread: 'Messages, {n} unread',
    lead: 'Hours entered, answers and decisions are told here.',
    empty: 'No messages yet. Hours entered and answers to your questions will be told here.',
    readAll: 'Mark all as read',
    allRead: 'All messages are marked as read.',
    unread: 'Unread',
    reminders: 'Deadline reminders',
    remindersHint: 'While hours are missing, 60, 30, 14, 7, 3 and 1 days before the end of the year.',
    on: 'Reminders are on.',
    off: 'Reminders are off.',
    kind: {
      study: 'Study',
      account: 'Account',
      question: 'Questions',
      reminder: 'Reminder',
    },
  },
  said: {
    classroom: {
      answered: {
        title: 'The teacher has answered your question',
        text: 'The answer stands among the questions on “{lesson}”.',
      },
      hidden: {
        title: 'One of your questions is no longer shown to others',
        text: 'The reason stands among the questions on “{lesson}”.',
      },
    },
    credit: {
      appeal_granted: {
        title: 'Time appeal: credited',
        text: '“{lesson}” was credited {minutes} min {seconds} s more.',
      },
      appeal_refused: {
        title: 'Time appeal: not credited',
        text: 'The answer stands in the time details of “{lesson}”.',
      },
      booked: {
        title: '{hours} credit hours entered',
        text: '“{course}” is complete; the hours count for {year}.',
      },
      corrected: {
        title: 'A record was corrected by {hours} credit hours',
        text: '“{content}”, {year}. The earlier record is kept.',
      },
      deadline: {
        title: '{month}/{day} is {days} days away, {hours} credit hours are missing',
        text: 'What is completed by {month}/{day} counts for {year}.',
      },
    },
    fault: {
      mended: {
        title: 'The problem you reported is mended',
        text: '“{lesson}”, {minutes} min {seconds} s. The answer stands under “Report a problem” of the lesson.',
      },
      objected: {
        title: 'The authority objects to courseware',
        text: '“{lesson}”, revision {rev}. Please read the inspection report and answer.',
      },
      objection_answered: {
        title: 'The provider has answered your objection',
        text: '“{lesson}”, revision {rev}. The answer stands in the inspection report.',
      },
      refused: {
        title: 'The problem you reported has an answer',
        text: '“{lesson}”, {minutes} min {seconds} s. The answer stands under “Report a problem” of the lesson.',
      },
    },
    identity: {
      appointed: {
        title: 'You now work for “{provider}”',
        text: 'Your duties stand in your account. If you do not know this provider, you can leave it there.',
      },
      correction_approved: {
        title: 'Your personal data has been corrected',
        text: 'Please check it in your account.',
      },
      correction_refused: {
        title: 'Your personal data has not been corrected',
        text: 'The reason stands in your request. You can ask again with better proof.',
      },
      dismissed: {
        title: 'You no longer work for “{provider}”',
        text: 'What you reviewed and answered is kept. Ask the provider if you have questions.',
      },
      duties_changed: {
        title: 'Your duties with “{provider}” have changed',
        text: 'The present ones stand in your account.',
      },
      new_device: {
        title: 'Your account logged in on a new device',
        text: 'The device is “{device}”. If it was not you, log it out in your account and change the password.',
      },
      transfer_approved: {
        title: 'Your change of unit is done',
        text: 'Please check the new unit in your account.',
      },
      transfer_refused: {
        title: 'Your change of unit was refused',
        text: 'The reason stands in your request.',
      },
    },
  },
}
