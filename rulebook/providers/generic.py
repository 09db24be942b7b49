"""Any other tool: whatever arrives is taken, nothing is checked.

Anyone who knows the web address can send. Equal deliveries cannot be told from repeats, because
nothing is known of an id. A type is read where many tools put it: in a header (ce-type is of
CloudEvents 1.0, HTTP binding, 3.1.3) or at the top of the body.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body

PROVIDER = Provider(
    label="Any other tool",
    fallback=True,
    event_type=(
        Header("ce-type"),
        Header("x-event-type"),
        Body("$.type"),
        Body("$.event"),
        Body("$.event_type"),
        Body("$.eventType"),
        Body("$.topic"),
    ),
    types={"payment.succeeded": "Payment succeeded"},
    names={
        "$.type": "Event type",
        "$.amount": "Amount",
        "$.currency": "Currency",
        "$.order": "Order number",
        "$.customer.name": "Customer name",
        "$.customer.email": "Customer email",
        "$.customer.phone": "Customer phone",
        "$.name": "Name",
        "$.email": "Email",
        "$.phone": "Phone",
        "$.subject": "Subject",
        "$.message": "Message",
    },
    gist=(
        # Whether an unknown tool counts in cents is not known: said as it was sent.
        "{{ payload.amount }} {{ payload.currency | upper }} from {{ payload.customer.name }}",
        "{{ payload.amount }} from {{ payload.customer.name }}",
    ),
    steps=(
        "Copy the web address of this hook.",
        "Paste it wherever your tool asks for a webhook, a callback or a URL to send to.",
        "Let the tool send something, or send a sample event from here.",
    ),
    retries="Whether this tool tries again when we were away is not known.",
    samples=(
        Sample(
            "payment",
            "Payment succeeded, 75 USD",
            sample_body("generic.payment.json"),
            ids=("pay_7Tea4Cup9Pot", "2291"),
            lead=True,
        ),
        Sample(
            "contact_form",
            "Contact form: A question about delivery",
            sample_body("generic.contact_form.txt"),
            "application/x-www-form-urlencoded",
            ids=("20411",),
        ),
    ),
)
