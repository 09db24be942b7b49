"""Any other sender: whatever arrives is taken, nothing is checked.

Anyone who knows the web address can send. Equal deliveries cannot be told from repeats, because
nothing is known of an id.
"""

from rulebook.providers.contract import Provider, Sample, sample_body

PROVIDER = Provider(
    label="Any other sender",
    fallback=True,
    names={
        "$.name": "Name",
        "$.email": "Email",
        "$.phone": "Phone",
        "$.subject": "Subject",
        "$.message": "Message",
    },
    steps=(
        "Copy the web address of this hook.",
        "Paste it wherever your tool asks for a webhook, a callback or a URL to send to.",
        "Let the tool send something, or send a sample event from here.",
    ),
    retries="Whether this sender tries again when we were away is not known.",
    samples=(
        Sample(
            "contact_form",
            "Contact form: A question about delivery",
            sample_body("generic.contact_form.txt"),
            "application/x-www-form-urlencoded",
            ids=("20411",),
        ),
    ),
)
