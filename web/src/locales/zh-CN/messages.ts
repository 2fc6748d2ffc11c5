export default {
  messages: {
    bell: '消息',
    bellUnread: '消息，{n} 条未读',
    lead: '学时入账、答疑和申请有了结果，都会在这里告诉你。',
    empty: '还没有消息。学时入账、问题有了答复，会在这里告诉你。',
    readAll: '全部标为已读',
    allRead: '已全部标为已读。',
    unread: '未读',
    reminders: '学时截止提醒',
    remindersHint: '学时没有学够时，在截止前 60、30、14、7、3、1 天提醒。',
    on: '提醒已打开。',
    off: '提醒已关闭。',
    kind: {
      study: '学习',
      account: '账号',
      question: '答疑',
      reminder: '提醒',
    },
  },
  said: {
    classroom: {
      answered: {
        title: '老师答复了你的问题',
        text: '在「{lesson}」的答疑里可以看到。',
      },
      hidden: {
        title: '你的一个问题不再公开',
        text: '原因写在「{lesson}」的答疑里。',
      },
    },
    credit: {
      appeal_granted: {
        title: '时长核查：已补计',
        text: '「{lesson}」补计 {minutes} 分 {seconds} 秒。',
      },
      appeal_refused: {
        title: '时长核查：未补计',
        text: '答复写在「{lesson}」的计时明细里。',
      },
      booked: {
        title: '{hours} 学时已入账',
        text: '「{course}」已学完，记入 {year} 年度。',
      },
      corrected: {
        title: '学时记录更正 {hours} 学时',
        text: '「{content}」，{year} 年度。原来的记录也保留着。',
      },
      deadline: {
        title: '离 {month} 月 {day} 日还有 {days} 天，还差 {hours} 学时',
        text: '{month} 月 {day} 日及以前学完的，记入 {year} 年度。',
      },
    },
    fault: {
      mended: {
        title: '你报告的问题已经修好',
        text: '「{lesson}」{minutes} 分 {seconds} 秒，机构的答复在这一节的「报告问题」里。',
      },
      objected: {
        title: '主管部门对课件提出异议',
        text: '「{lesson}」第 {rev} 版，请看检测报告并答复。',
      },
      objection_answered: {
        title: '机构答复了你的异议',
        text: '「{lesson}」第 {rev} 版，答复在检测报告里。',
      },
      refused: {
        title: '你报告的问题有答复了',
        text: '「{lesson}」{minutes} 分 {seconds} 秒，机构的答复在这一节的「报告问题」里。',
      },
    },
    identity: {
      appointed: {
        title: '你已成为「{provider}」的人员',
        text: '职责写在「我的」里。不认识这家机构，可以在那里退出。',
      },
      correction_approved: {
        title: '个人资料已更正',
        text: '请在「我的」里核对一下。',
      },
      correction_refused: {
        title: '个人资料没有更正',
        text: '原因写在你的申请里。补齐材料后可以再申请。',
      },
      dismissed: {
        title: '你已不是「{provider}」的人员',
        text: '做过的审核、答复等记录保留。有疑问请联系这家机构。',
      },
      duties_changed: {
        title: '你在「{provider}」的职责有变化',
        text: '现在的职责写在「我的」里。',
      },
      new_device: {
        title: '账号在一台新设备上登录',
        text: '设备是「{device}」。不是本人登录，请在「我的」里退出这台设备，再修改密码。',
      },
      transfer_approved: {
        title: '单位调转已办好',
        text: '请在「我的」里核对新单位。',
      },
      transfer_refused: {
        title: '单位调转没有办成',
        text: '原因写在你的申请里。',
      },
    },
  },
}
