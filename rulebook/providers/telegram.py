"""Telegram: messages to a bot, button presses, payments.

Telegram signs nothing: it shows the secret_token that the webhook was set up with. What kind of
event it is, only the name of the field beside update_id tells. Calls go to the ports 443, 80, 88
and 8443 over https only. Source: python-telegram-bot.
"""

from rulebook.providers.contract import Body, Header, KeyBeside, Provider, Sample, sample_body
from rulebook.providers.schemes import Token

MESSAGE = "$.message"

PROVIDER = Provider(
    label="Telegram",
    signature=Token(Header("x-telegram-bot-api-secret-token")),
    secret_label="Secret token",
    secret_hint="Any long text of your own, of letters, digits, _ and -: the secret_token that you "
    "set the webhook up with (not the token of the bot).",
    event_type=(KeyBeside(("update_id",)),),
    event_id=(Body("$.update_id"),),
    event_time=(
        Body(f"{MESSAGE}.date"),
        Body("$.edited_message.edit_date"),
        Body("$.channel_post.date"),
        Body("$.chat_member.date"),
    ),
    hides=(Header("x-telegram-bot-api-secret-token"),),
    detect=(Header("x-telegram-bot-api-secret-token"),),
    types={
        "callback_query": "Button pressed",
        "channel_post": "Post in a channel",
        "chat_join_request": "Somebody asks to join",
        "chat_member": "Member changed",
        "edited_channel_post": "Post changed",
        "edited_message": "Message changed",
        "inline_query": "Inline question",
        "message": "Message",
        "message_reaction": "Reaction",
        "my_chat_member": "Bot added, removed or blocked",
        "poll": "Poll changed",
        "poll_answer": "Poll answered",
        "pre_checkout_query": "About to pay",
        "shipping_query": "Shipping asked for",
    },
    names={
        f"{MESSAGE}.text": "Message",
        f"{MESSAGE}.date": "Time of the message",
        f"{MESSAGE}.from.first_name": "First name",
        f"{MESSAGE}.from.last_name": "Last name",
        f"{MESSAGE}.from.username": "User name",
        f"{MESSAGE}.from.language_code": "Language",
        f"{MESSAGE}.from.is_bot": "Written by a bot",
        f"{MESSAGE}.chat.id": "Chat id",
        f"{MESSAGE}.chat.type": "Kind of chat",
        f"{MESSAGE}.chat.title": "Name of the group",
        f"{MESSAGE}.caption": "Words below a picture",
        f"{MESSAGE}.contact.phone_number": "Phone that was shared",
        f"{MESSAGE}.location.latitude": "Latitude",
        f"{MESSAGE}.location.longitude": "Longitude",
        f"{MESSAGE}.successful_payment.total_amount": "Amount paid",
        f"{MESSAGE}.successful_payment.currency": "Currency",
        f"{MESSAGE}.successful_payment.invoice_payload": "What was paid for",
        "$.callback_query.data": "Button",
        "$.callback_query.from.first_name": "First name of who pressed it",
        "$.channel_post.text": "Post",
        "$.edited_message.text": "New message",
    },
    money={
        f"{MESSAGE}.successful_payment.total_amount": f"{MESSAGE}.successful_payment.currency",
        "$.pre_checkout_query.total_amount": "$.pre_checkout_query.currency",
    },
    gist=(
        "{{ payload.message.successful_payment.total_amount"
        " | money(payload.message.successful_payment.currency) }}"
        " from {{ payload.message.from.first_name }}",
        "{{ payload.message.text | truncate(100) }}, from {{ payload.message.from.first_name }}",
        "{{ payload.callback_query.data }}, by {{ payload.callback_query.from.first_name }}",
        "{{ payload.channel_post.text | truncate(100) }}",
    ),
    steps=(
        "In Telegram, write to @BotFather, make a bot with /newbot and keep its token to yourself.",
        "Invent a long secret token and paste it here.",
        "In the browser, open https://api.telegram.org/bot, directly followed by the bot's token, "
        "then /setWebhook?url= and the web address of this hook, then &secret_token= and the "
        "secret token.",
        "Telegram answers that the webhook was set. Write to the bot to see it arrive.",
    ),
    docs="https://core.telegram.org/bots/api#setwebhook",
    retries="Telegram sends again by itself for a while.",
    samples=(
        Sample(
            "message",
            "Message: Do you ship to Canada?",
            sample_body("telegram.message.json"),
            ids=("640182957", "1093"),
        ),
        Sample(
            "payment_received",
            "Payment of $18.00",
            sample_body("telegram.payment_received.json"),
            ids=("640182961", "1094", "5813047296_linden_7x2q", "ch_3QtLinden2Cup7Leaf4"),
            amounts=("1800",),
        ),
    ),
)
