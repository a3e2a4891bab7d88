"""The page on which a person signs in."""

from __future__ import annotations

from rules.texts import Text

TEXTS: dict[str, Text] = {
    "sign_in.title": Text("Sign in", "登录"),
    "sign_in.name": Text("User name", "用户名"),
    "sign_in.password": Text("Password", "密码"),
    "sign_in.submit": Text("Sign in", "登录"),
    "sign_in.refused": Text("The user name or the password is wrong.", "用户名或密码错误。"),
    "sign_in.locked": Text(
        "Too many wrong attempts. Sign in again after {until}.", "错误次数过多，请在 {until} 之后再登录。"
    ),
    "sign_in.page_expired": Text(
        "This page was open for too long. Please sign in again.", "页面打开时间过长，请重新登录。"
    ),
    "sign_in.first_user": Text(
        "Accounts are made by an administrator with the command `credit-policy user create`.",
        "账号由管理员通过命令 `credit-policy user create` 创建。",
    ),
}
