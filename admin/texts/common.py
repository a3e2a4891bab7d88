"""The frame around every screen: menu, buttons, lists, errors."""

from __future__ import annotations

from rules.texts import Text

TEXTS: dict[str, Text] = {
    "product": Text("Credit Policy", "信用政策"),
    "product.tagline": Text("Who may buy on credit, and why", "谁可以赊账，凭什么"),
    "menu.label": Text("Main menu", "主菜单"),
    "menu.skip": Text("Skip to the content", "跳到正文"),
    "language.label": Text("Language", "语言"),
    "user.sign_out": Text("Sign out", "退出登录"),
    "user.label": Text("Signed in as", "当前用户"),
    "times_in": Text("Times: {timezone}", "时间：{timezone}"),
    "breadcrumb.label": Text("You are here", "当前位置"),
    "list.filters": Text("Filters", "筛选"),
    "list.apply": Text("Apply", "筛选"),
    "list.clear": Text("Clear", "清除"),
    "list.all": Text("All", "全部"),
    "list.next": Text("Next page", "下一页"),
    "list.first": Text("First page", "第一页"),
    "list.pages": Text("Pages", "分页"),
    "list.shown": Text("{number} on this page", "本页 {number} 条"),
    "list.total": Text("{number} in total", "共 {number} 条"),
    "list.total_more": Text("more than {number} in total", "共超过 {number} 条"),
    "list.no_match": Text("Nothing matches these filters", "没有符合条件的记录"),
    "list.no_match_hint": Text("Take a filter away, or clear them all.", "请减少或清除筛选条件。"),
    "list.unread": Text(
        "Not understood and left out: {fields}. Dates are written 2026-11-23.",
        "未能识别，已忽略：{fields}。日期请写成 2026-11-23。",
    ),
    "facts.missing": Text("Not known ({number})", "未知（{number} 项）"),
    "colon": Text(": ", "："),
    "value.missing": Text("not known", "未知"),
    "value.none": Text("none", "无"),
    "value.yes": Text("yes", "是"),
    "value.no": Text("no", "否"),
    "error.code": Text("Error {code}", "错误 {code}"),
    "error.home": Text("Back to the overview", "返回总览"),
    "error.400": Text("This request makes no sense", "请求无效"),
    "error.400.hint": Text("Go back and try again from the page itself.", "请返回页面后重试。"),
    "error.csrf": Text("This page was open for too long", "页面打开时间过长"),
    "error.csrf.hint": Text(
        "Nothing was changed. Go back, load the page anew, and try again.",
        "没有做任何更改。请返回、刷新页面后重试。",
    ),
    "error.401": Text("Please sign in", "请先登录"),
    "error.401.hint": Text("Your session has ended. Nothing was changed.", "会话已结束，没有做任何更改。"),
    "error.403": Text("Your role does not open this page", "您的角色无权查看此页"),
    "error.403.hint": Text("Ask an administrator if your work needs it.", "如工作需要，请联系管理员。"),
    "error.404": Text("There is nothing here", "找不到此页面"),
    "error.404.hint": Text(
        "The address is wrong, or what it named does not exist.", "地址有误，或所指的内容不存在。"
    ),
    "error.413": Text("That is too much at once", "内容过大"),
    "error.413.hint": Text("Send less and try again.", "请减少内容后重试。"),
    "error.500": Text("Something went wrong here", "系统出错了"),
    "error.500.hint": Text(
        "It is our fault and has been logged. Nothing was changed; try again in a moment.",
        "这是我们的问题，已记录在日志中。没有做任何更改，请稍后再试。",
    ),
}
