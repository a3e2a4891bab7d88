"""The WSGI application, for gunicorn and any other server: `gunicorn wsgi:app`."""

from policy_service.app import create_app

app = create_app()
